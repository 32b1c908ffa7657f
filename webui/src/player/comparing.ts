/** A/B comparison: switching between the question's sound and a hit, at the same position in each. */
import { computed, signal } from "@preact/signals";
import { clip } from "../api/service";
import { t } from "../messages/t";
import { answered } from "../results/answers";
import type { Row } from "../results/rows";
import { chosenRow, inspected, startOf } from "../results/selection";
import { canCut, type CutThing, type Question } from "../question/model";
import { findSound } from "../question/sounds";
import { say, sayFailure } from "../ui/toasts";
import { current, play, type Played, position } from "./player";

/** The sound of the question that plays, and the row that it is compared with. */
const comparing = signal<{ asked: Played; row: Row } | null>(null);
export const hearsQuestion = computed(
  () => current.value !== null && current.value === comparing.value?.asked,
);
/** The object URL of a file of this browser, made once. */
const addresses = new Map<string, string>();

/** Switch between the hit and the question's sound, at the same position. */
export async function compare(): Promise<void> {
  const now = current.peek();
  const compared = comparing.peek();
  if (compared && now === compared.asked) {
    const { asked, row } = compared;
    playRow(row, startOf(row) + position.peek() - (asked.match?.start_s ?? 0));
    return;
  }
  const question = answered.peek()?.question;
  const thing = question && askedWith(question);
  if (!thing) {
    say(t("There is no sound in this question to compare with"));
    return;
  }
  const row = playedRow();
  if (!row) {
    say(t("Choose a sound to compare with yours"));
    return;
  }
  const asked = await playedOf(thing);
  if (!asked || current.peek() !== now) return; // something else was chosen meanwhile
  const within_s = now && now.clip_id === row.clip_id ? position.peek() - startOf(row) : 0;
  comparing.value = { asked, row };
  play(asked, placeIn(asked, within_s));
}

/** The first wanted part of the question that is a sound. */
export const askedWith = ({ parts }: Question): CutThing | undefined =>
  parts.flatMap(({ thing, weight }) => (weight > 0 && canCut(thing) ? thing : []))[0];

/** The row that plays, or else the chosen one. */
function playedRow(): Row | null {
  const id = current.peek()?.clip_id;
  const rows = answered.peek()?.rows ?? [];
  return rows.find((row) => row.clip_id === id) ?? inspected.peek() ?? chosenRow();
}

function playRow(row: Row, from_s: number): void {
  play({ clip_id: row.clip_id, title: row.title, match: row.match }, Math.max(0, from_s));
}

/** A passage that is shorter than what it is compared with begins again. */
function placeIn({ match }: Played, within_s: number): number {
  if (!match) return Math.max(0, within_s);
  const length_s = match.end_s - match.start_s;
  return match.start_s + Math.max(0, length_s > 0 ? within_s % length_s : 0);
}

/** The question's sound for the player; null, with a message, when this browser does not have it. */
async function playedOf(thing: CutThing): Promise<Played | null> {
  const match = thing.passage ?? null;
  try {
    if (thing.kind === "clip")
      return { clip_id: thing.id, title: `A: ${(await clip(thing.id)).title}`, match };
    const file = await findSound(thing.file);
    if (!file) {
      say(t("The sound of this search is not kept in this browser"), { bad: true });
      return null;
    }
    const address = addresses.get(thing.file) ?? URL.createObjectURL(file);
    addresses.set(thing.file, address);
    return { clip_id: null, title: `A: ${file.name}`, match, address };
  } catch (error) {
    sayFailure(t("The sound of this search cannot be played"), error);
    return null;
  }
}
