/** Likes and dislikes, kept by the service under a name that this browser chose. */
import { signal } from "@preact/signals";
import { feedback, sendOpinions } from "../api/service";
import { remember, remembered } from "../ui/theme";
import { sayFailure } from "../ui/toasts";

export type Liking = "like" | "dislike";

const KEY = "soundalike.profile";

function ownProfile(): string {
  const known = remembered(KEY);
  if (known) return known;
  const made = `page-${crypto.randomUUID()}`;
  remember(KEY, made);
  return made;
}

export const profile = ownProfile();
const opinions = signal<ReadonlyMap<number, Liking>>(new Map());
/** Counts up with every opinion: what is recommended changes. */
export const opinionsVersion = signal(0);

export const opinionOf = (clipId: number): Liking | null => opinions.value.get(clipId) ?? null;

export const likedCount = (): number => [...opinions.value.values()].filter((one) => one === "like").length;

/** Learn what is known of this profile. A profile that was never used costs no request. */
export async function loadOpinions(): Promise<void> {
  if (!remembered(`${KEY}.used`)) return;
  try {
    const known = await feedback(profile);
    opinions.value = new Map(
      known.feedback.flatMap((one) => (one.opinion === "seen" ? [] : [[one.clip_id, one.opinion] as const])),
    );
    opinionsVersion.value++;
  } catch (error) {
    sayFailure("Your likes could not be loaded", error);
  }
}

/** Like or dislike a clip; null takes an opinion back. Shown at once, taken back when the service refuses. */
export async function setOpinion(clipId: number, liking: Liking | null): Promise<void> {
  const before = opinions.peek();
  const now = new Map(before);
  if (liking) now.set(clipId, liking);
  else now.delete(clipId);
  opinions.value = now;
  remember(`${KEY}.used`, "yes");
  try {
    if (liking) await sendOpinions("POST", profile, [{ clip_id: clipId, opinion: liking, weight: 1, at: 0 }]);
    else {
      // there is no way to take one back: what is left is kept instead
      const left = [...now].map(([id, opinion]) => ({ clip_id: id, opinion, weight: 1, at: 0 }));
      await sendOpinions("PUT", profile, left);
    }
    opinionsVersion.value++;
  } catch (error) {
    opinions.value = before;
    sayFailure("This could not be kept", error);
  }
}
