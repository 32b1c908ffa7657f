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

/** The layout; null before it is loaded, "none" when no map has been made. */
export const layout = signal<Layout | "none" | null>(null);
/** What colours say: "" for the likeliest tag, else a facet, a fact, or "liked". */
export const colouring = rememberedSignal("soundalike.colour", (kept) => kept ?? "", String);
/** Whether pointing at a sound plays it. */
export const hearing = rememberedSwitch("soundalike.hear", true);
export const lassoing = signal(false);

/** The clips within the filters, region and list of a question without other parts; null when it has none of them. */
const passing = signal<readonly number[] | null>(null);

/** The clips to highlight: the hits, or what passes the filters; null without a question. */
export function litClips(): readonly number[] | null {
  const hits = answered.value;
  if (hits?.verdict && hits.verdict !== "none") return hits.rows.map((row) => row.clip_id);
  return isEmpty(question.value) ? passing.value : null;
}

/** Keep `passing` up to date while the map is shown; returns a function that stops it. */
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

/** Load the layout; without one, try again whenever the library changes. Returns a function that stops it. */
export function followLayout(): () => void {
  void loadLayout();
  let version = libraryVersion.peek();
  return effect(() => {
    if (libraryVersion.value === version) return;
    version = libraryVersion.value;
    // a map that is shown stays: it should not move while somebody looks at it
    if (layout.peek() === null || layout.peek() === "none") void loadLayout();
  });
}

const show = newestOf<ClipMap>((found) => {
  const now = found.clip_ids.length === 0 ? "none" : layoutOf(found);
  const before = layout.peek();
  // an unchanged map is not replaced: the user may have moved it already
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
