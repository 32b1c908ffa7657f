/** Saved searches: questions that the service stores, and whose new matches it reports. */
import { signal } from "@preact/signals";
import { newestOf } from "../api/newest";
import {
  changeSearch,
  newMatches,
  type SavedSearch,
  savedSearches,
  savedSound,
  saveSearch,
  seeMatches,
} from "../api/service";
import { t } from "../messages/t";
import type { Liking } from "../question/liking";
import { NOTHING, type Part, type Question, type Thing } from "../question/model";
import { keepSound } from "../question/sounds";
import { sentOf } from "../results/asking";
import { go } from "../route";
import { removeLater } from "../ui/removelater";
import { listenToOthers, signalOthers } from "../ui/remembered";
import { say, sayFailure } from "../ui/toasts";
import { newClips, unseen } from "./state";

/** By name; null until the service answered. */
export const searches = signal<readonly SavedSearch[] | null>(null);
/** Searches that are deleted on the page, and not yet at the service. */
const leaving = new Set<number>();

const show = newestOf<{ searches: readonly SavedSearch[] }>((learnt) => {
  searches.value = learnt.searches.filter((one) => !leaving.has(one.id));
  unseen.value = searches.value.reduce((sum, one) => sum + one.unseen, 0);
});

export async function learnSearches(): Promise<void> {
  try {
    await show(savedSearches);
  } catch (error) {
    sayFailure(t("The saved searches could not be fetched"), error);
  }
}

const KEY = "soundalike.savedsearches";
listenToOthers(KEY, () => void learnSearches());

/** They were changed on this page: fetch them again, in every tab of this browser. */
async function learnChanged(): Promise<void> {
  signalOthers(KEY);
  await learnSearches();
}

/** Save a question under a name; returns whether it was saved. */
export async function save(name: string, asked: Question): Promise<boolean> {
  try {
    const sent = await sentOf(asked);
    if (typeof sent === "string") throw new Error(sent);
    const { where, region, within, language, recall, ...rest } = sent.body;
    const filters = {
      ...(where && { where }),
      ...(region && { region }),
      ...(within && { within }),
      ...(language && { language }),
      ...(recall && { recall }),
    };
    await saveSearch({ ...rest, ...filters, name }, sent.files);
  } catch (error) {
    sayFailure(t("Not saved"), error);
    return false;
  }
  say(t("Saved. The sidebar counts new matches."));
  await learnChanged();
  return true;
}

/** Run it. New matches are marked in the list, and count as seen from then on. */
export async function run(search: SavedSearch): Promise<void> {
  try {
    const { matches } = await newMatches(search.id);
    const asked = await questionOf(search);
    newClips.value = new Set(matches.map((one) => one.clip_id));
    go({ view: "search", question: asked });
    const last = matches.at(-1);
    if (last) await seeMatches(search.id, last.id);
  } catch (error) {
    sayFailure(t("This search cannot be run"), error);
  }
  await learnChanged();
}

/** Rename it; returns whether it was renamed. */
export async function rename(search: SavedSearch, name: string): Promise<boolean> {
  try {
    await changeSearch(search.id, { name });
  } catch (error) {
    sayFailure(t("It could not be renamed"), error);
    return false;
  }
  await learnChanged();
  say(t("Renamed"), {
    action: {
      name: t("Undo"),
      run: async () => {
        await changeSearch(search.id, { name: search.name });
        await learnChanged();
      },
    },
  });
  return true;
}

/** Delete it: hidden at once, deleted at the service once the time to undo is over. */
export function remove(search: SavedSearch): void {
  const learnAgain = () => {
    leaving.delete(search.id);
    return void learnChanged();
  };
  leaving.add(search.id);
  searches.value = searches.peek()?.filter((one) => one.id !== search.id) ?? null;
  unseen.value = Math.max(0, unseen.peek() - search.unseen);
  removeLater({
    said: t("{name} deleted", { name: search.name }),
    ids: [search.id],
    pathOf: (id) => `/searches/${id}`,
    failed: t("Not deleted"),
    putBack: learnAgain,
    done: learnAgain,
  });
}

/** A part as the service stores it. */
interface KeptPart {
  text?: string;
  notes?: string;
  clip_id?: number;
  segment_id?: number;
  audio?: string;
  hum?: string;
  start_s?: number;
  end_s?: number;
  speed?: number;
  track?: number;
  weight?: number;
  aspects?: Liking["aspects"];
  changes?: Liking["changes"];
}

interface KeptQuestion {
  parts?: KeptPart[];
  where?: string;
  region?: string;
  within?: string;
  language?: string;
  recall?: number;
}

/** The question of a saved search, its sounds fetched into this browser. */
export async function questionOf(search: SavedSearch): Promise<Question> {
  const kept = search.query as KeptQuestion;
  const parts: Part[] = [];
  for (const part of kept.parts ?? []) {
    const thing = await thingOf(search, part);
    if (thing) parts.push({ thing, weight: part.weight ?? 1, ...likingOf(part) });
  }
  return {
    ...NOTHING,
    parts,
    filters: kept.where ? [kept.where] : [],
    region: kept.region ?? "",
    within: kept.within ?? "",
    language: kept.language ?? "",
    ...(kept.recall !== undefined && { recall: kept.recall }),
  };
}

/** How hits should be like it, in the chip's form. */
function likingOf({ aspects, changes }: KeptPart): Pick<Part, "liking"> {
  const liking = { ...(aspects && { aspects }), ...(changes && { changes }) };
  return aspects || changes ? { liking } : {};
}

async function thingOf(search: SavedSearch, part: KeptPart): Promise<Thing | null> {
  const passage =
    part.end_s === undefined ? {} : { passage: { start_s: part.start_s ?? 0, end_s: part.end_s } };
  if (part.text !== undefined) return { kind: "text", text: part.text };
  if (part.notes !== undefined) return { kind: "notes", notes: part.notes };
  if (part.clip_id !== undefined) return { kind: "clip", id: part.clip_id, ...passage };
  if (part.segment_id !== undefined) return { kind: "segment", id: part.segment_id };
  const place = part.audio ?? part.hum;
  if (place === undefined) return null;
  const file = await keepSound(await savedSound(search.id, place, `${search.name} ${Number(place) + 1}`));
  if (part.hum !== undefined) return { kind: "hum", file, ...passage };
  const played = {
    ...(part.speed !== undefined && { speed: part.speed }),
    ...(part.track !== undefined && { track: part.track }),
  };
  return { kind: "audio", file, ...passage, ...(Object.keys(played).length > 0 && { played }) };
}
