/** What the map shows. */
import { effect, signal } from "@preact/signals";
import { Refused } from "../api/client";
import { newestOf } from "../api/newest";
import { patiently } from "../api/patience";
import { type ClipMap, clipMap } from "../api/service";
import { profile } from "../foryou/feedback";
import { libraryVersion } from "../library/facts";
import { t } from "../messages/t";
import { isEmpty, whereOf } from "../question/model";
import { question } from "../route";
import { answered } from "../results/answers";
import { rememberedSignal, rememberedSwitch } from "../ui/remembered";
import { sayFailure } from "../ui/toasts";
import { isSame, type Layout, layoutOf } from "./layout";

/** The layout; null before it was asked for, "none" when the map was never drawn. */
export const layout = signal<Layout | "none" | null>(null);
/** What colours say: "" for the likeliest tag, else a facet, a fact, or "liked". */
export const colouring = rememberedSignal("soundalike.colour", (kept) => kept ?? "", String);
/** Whether pointing at a sound plays it. */
export const hearing = rememberedSwitch("soundalike.hear", true);
export const lassoing = signal(false);

/** The clips that pass the filters and the region of a question that asks for nothing else; null without any. */
const passing = signal<readonly number[] | null>(null);

/** The clips to light up: the hits, or whatever the filters leave; null when nothing was asked. */
export function litClips(): readonly number[] | null {
  const hits = answered.value;
  if (hits?.verdict && hits.verdict !== "none") return hits.rows.map((row) => row.clip_id);
  return isEmpty(question.value) ? passing.value : null;
}

/** Keep up with what passes, for as long as the map is shown; gives back what ends it. */
export function followFilters(): () => void {
  return effect(() => {
    const { filters, region, within } = question.value;
    void libraryVersion.value;
    const leaving = new AbortController();
    const where = whereOf(filters);
    if (!isEmpty(question.value) || !(where || region || within)) passing.value = null;
    else
      clipMap(where, region, within, leaving.signal).then(
        (found) => (passing.value = found.clip_ids),
        (error: unknown) => {
          if (error instanceof Refused) passing.value = null; // the answer says why
        },
      );
    return () => leaving.abort();
  });
}

/** Load the layout, and as long as there is none whenever the library changed; gives back what ends it. */
export function followLayout(): () => void {
  void loadLayout();
  let version = libraryVersion.peek();
  return effect(() => {
    if (libraryVersion.value === version) return;
    version = libraryVersion.value;
    // one that is there stays: nobody wants the map to move while they look at it
    if (layout.peek() === null || layout.peek() === "none") void loadLayout();
  });
}

const show = newestOf<ClipMap>((found) => {
  const now = found.clip_ids.length === 0 ? "none" : layoutOf(found);
  const before = layout.peek();
  // the same map is not drawn anew: whoever looks at it may have moved it already
  if (now === "none" || !before || before === "none" || !isSame(before, now)) layout.value = now;
});

export async function loadLayout(): Promise<void> {
  const colour = colouring.peek() === "liked" ? `liked:${profile}` : colouring.peek();
  const get = () =>
    patiently(
      () => clipMap(null, "", "", undefined, colour),
      new AbortController().signal,
      () => undefined,
    );
  try {
    await show(get);
  } catch (error) {
    sayFailure(t("The map could not be loaded"), error);
  }
}
