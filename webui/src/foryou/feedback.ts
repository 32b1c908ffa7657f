/** Likes and dislikes, kept by the service under a name that this browser chose. */
import { signal } from "@preact/signals";
import { reachability } from "../api/client";
import { feedback, forgetOpinion, keepOpinion } from "../api/service";
import { t } from "../messages/t";
import { randomName } from "../ui/randomname";
import { listenToOthers, remember, remembered, signalOthers } from "../ui/remembered";
import { sayFailure } from "../ui/toasts";

export type Liking = "like" | "dislike";

const KEY = "soundalike.profile";
/** Stored once the profile was used. The value changes with each opinion, which tells other tabs to reload. */
const USED = `${KEY}.used`;

function ownProfile(): string {
  const known = remembered(KEY);
  if (known) return known;
  const made = `page-${randomName()}`;
  remember(KEY, made);
  return made;
}

export const profile = ownProfile();
/** The number of each clip's last opinion on this page: one that was given after the service was asked overrides what
    the service answers. */
const said = new Map<number, number>();
let times = 0;
const opinions = signal<ReadonlyMap<number, Liking>>(new Map());
/** Counts up with every opinion: what is recommended changes. */
export const opinionsVersion = signal(0);

export const opinionOf = (clipId: number): Liking | null => opinions.value.get(clipId) ?? null;

export const countOf = (liking: Liking): number =>
  [...opinions.value.values()].filter((one) => one === liking).length;
export const likedCount = (): number => countOf("like");

/** Load this profile's opinions as soon as the service answers. Called once. */
export function learnOpinions(): void {
  let known = false;
  reachability.subscribe((now) => {
    if (now === "ok" && !known) void loadOpinions().then((done) => (known ||= done));
  });
  listenToOthers(USED, () => void loadOpinions());
}

/** Returns whether they are known now. A profile that was never used needs no request. */
async function loadOpinions(): Promise<boolean> {
  if (!remembered(USED)) return true;
  const before = times;
  try {
    const known = await inTurn(() => feedback(profile));
    const isNewer = (clipId: number) => (said.get(clipId) ?? 0) > before;
    const kept = known.feedback.flatMap((one) =>
      one.opinion === "seen" || isNewer(one.clip_id) ? [] : [[one.clip_id, one.opinion] as const],
    );
    const newer = [...opinions.peek()].filter(([clipId]) => isNewer(clipId));
    opinions.value = new Map([...kept, ...newer]);
    opinionsVersion.value++;
    return true;
  } catch (error) {
    sayFailure(t("Your likes could not be loaded"), error);
    return false;
  }
}

/** Like or dislike a clip; null takes an opinion back. Shown at once, taken back when the service refuses. */
export async function setOpinion(clipId: number, liking: Liking | null): Promise<void> {
  const before = opinionOf(clipId);
  said.set(clipId, ++times);
  show(clipId, liking);
  remember(USED, remembered(USED) ?? "yes");
  try {
    await inTurn<unknown>(() =>
      liking ? keepOpinion(profile, clipId, liking) : forgetOpinion(profile, clipId),
    );
    opinionsVersion.value++;
    signalOthers(USED);
  } catch (error) {
    if (opinionOf(clipId) === liking) show(clipId, before);
    sayFailure(t("This could not be saved"), error);
  }
}

let sent: Promise<unknown> = Promise.resolve();

/** Send requests one after the other, so that the last opinion is the one that stays. */
function inTurn<T>(send: () => Promise<T>): Promise<T> {
  const mine = sent.then(send, send);
  sent = mine;
  return mine;
}

function show(clipId: number, liking: Liking | null): void {
  const now = new Map(opinions.peek());
  if (liking) now.set(clipId, liking);
  else now.delete(clipId);
  opinions.value = now;
}
