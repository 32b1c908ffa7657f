/** Which row is chosen, and what can be done with it: one place for buttons and keys. */
import { effect, signal } from "@preact/signals";
import { current, paused, play, type Played, playing, seek, toggle } from "../player/player";
import { auditioning } from "../player/settings";
import type { Part, Passage, Question } from "../question/model";
import { addPart, askOnly } from "../route";
import { answered } from "./answers";
import { selected, selecting, selectListed, selectNone, selectRange, toggleSelected } from "./many";
import type { Row } from "./rows";

/** The place of the chosen row in the list; -1 for none. */
export const chosen = signal(-1);
/** The row that the inspector shows, null when it is closed. */
export const inspected = signal<Row | null>(null);

/** What had the focus when the inspector opened. */
let opener: Element | null = null;
/** The row that the inspector shows, or showed last. */
let shown: Row | null = null;
let open = false;
inspected.subscribe((row) => {
  if (row && !open) opener = document.activeElement;
  open = row !== null;
  shown = row ?? shown;
});

/** When the inspector closes, move the focus to where it was opened from outside the list, else to the row that it
    showed, else to the list. A focus elsewhere stays. This happens before the next key is handled. */
export function giveFocusBack(inspector: Element): void {
  const list = document.querySelector<HTMLElement>(".list");
  const now = document.activeElement;
  if (now && now !== document.body && !list?.contains(now) && !inspector.contains(now)) return;
  const title = list?.querySelector<HTMLElement>(`[data-clip="${shown?.clip_id}"] button.row-title`);
  const elsewhere = opener instanceof HTMLElement && !list?.contains(opener) && opener.isConnected;
  const place = elsewhere && opener !== document.body ? (opener as HTMLElement) : (title ?? list);
  place?.focus({ preventScroll: true });
}

export const chosenRow = (): Row | null => answered.peek()?.rows[chosen.peek()] ?? null;

export function choose(place: number): void {
  const rows = answered.peek()?.rows ?? [];
  if (rows.length === 0) return;
  chosen.value = Math.max(0, Math.min(rows.length - 1, place));
  if (inspected.peek()) inspected.value = rows[chosen.peek()] ?? null;
}

/** From where Shift selects. */
let anchor = -1;

/** Select what lies between the row that was chosen and this one, which is chosen then. */
export function extendTo(place: number): void {
  if (selected.peek().size === 0) anchor = Math.max(0, chosen.peek());
  choose(place);
  selectRange(anchor, chosen.peek());
}

/** Add a row to those that are selected, or take it away. */
export function addTo(place: number): void {
  toggleSelected(place, selecting.peek() ? -1 : chosen.peek());
  choose(place);
  anchor = place;
}

/** Choose a row and deselect all others; it plays at once when that is switched on. */
export function audition(place: number): void {
  selectNone();
  choose(place);
  const row = chosenRow();
  if (row && auditioning.peek()) playRow(row);
}

/** Choose and play the row `step` places after the one that plays, or else the chosen one. */
export function playNext(step: number): void {
  const rows = answered.peek()?.rows ?? [];
  const now = rows.findIndex((row) => row.clip_id === playing.peek());
  choose((now < 0 ? chosen.peek() : now) + step);
  const row = chosenRow();
  if (row) playRow(row);
}

/** The row that was started last, and the question whose answer had it. */
let begun: { played: Played; start_s: number; question: Question | undefined } | null = null;

export const startOf = (row: Row): number => row.match?.start_s ?? 0;
const questionNow = (): Question | undefined => answered.peek()?.question;

/** Play a row from its match, or from elsewhere in it. */
function playRow(row: Row, from_s = startOf(row)): void {
  const played = { clip_id: row.clip_id, title: row.title, match: row.match };
  begun = { played, start_s: startOf(row), question: questionNow() };
  play(played, from_s);
}

/** Play a row from this time on; when it already plays, only move there. */
export function playFrom(row: Row, from_s: number): void {
  if (playing.peek() === row.clip_id && !paused.peek()) seek(from_s);
  else playRow(row, from_s);
}

/** Play a passage of a row, and mark it: `moreLike` then means this passage. */
export function playPassage(row: Row, passage: Passage): void {
  marked.value = passage;
  playFrom(row, passage.start_s);
}

/** Whether the player holds this row of this answer, so that it can be resumed. */
const isBegun = (row: Row): boolean =>
  begun !== null &&
  current.peek() === begun.played &&
  begun.played.clip_id === row.clip_id &&
  begun.start_s === startOf(row) &&
  begun.question === questionNow();

/** Pause a row, go on where it was paused, or play it from its match. */
export function toggleRow(row: Row): void {
  const playsNow = playing.peek() === row.clip_id && !paused.peek();
  if (playsNow || isBegun(row)) toggle();
  else playRow(row);
}

/** The passage that was marked in the inspector, of the row that it shows; null while that is as it was found. */
export const marked = signal<Passage | null>(null);
inspected.subscribe(() => (marked.value = null));

/** A row as a part: the passage that was marked in it, or all of it. */
function partOf(row: Row, weight: number): Part {
  const passage = inspected.peek()?.clip_id === row.clip_id ? marked.peek() : null;
  return { thing: { kind: "clip", id: row.clip_id, ...(passage && { passage }) }, weight };
}

export const moreLike = (row: Row): void => askOnly(partOf(row, 1));

export const alsoLike = (row: Row): void => addPart(partOf(row, 1));

export const notLike = (row: Row): void => addPart(partOf(row, -1));

/** Keep the selection in step with the answer. With a new question's answer no row is chosen, and the inspector shows
    the same sound's new row, or closes. A newer answer to the same question keeps the chosen sound. Called once. */
export function followAnswers(): void {
  let asked = answered.peek()?.question;
  let listed: readonly Row[] = [];
  effect(() => {
    const now = answered.value;
    selectListed();
    const before = listed[chosen.peek()];
    listed = now?.rows ?? [];
    if (!now) return;
    if (now.question === asked) {
      const place = listed.findIndex((row) => row.clip_id === before?.clip_id);
      if (place >= 0) chosen.value = place;
      return;
    }
    asked = now.question;
    chosen.value = -1;
    selecting.value = false;
    selectNone();
    const open = inspected.peek();
    if (!open) return;
    const browsing = now.verdict === null && open.score === null;
    inspected.value = now.rows.find((row) => row.clip_id === open.clip_id) ?? (browsing ? open : null);
  });
}
