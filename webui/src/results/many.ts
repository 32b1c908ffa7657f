/** Many rows at once, selected by Shift, Ctrl and Ctrl+A, or one by one by touch, for what is done with all of them (`results/manybar`). */
import { signal } from "@preact/signals";
import { answered } from "./answers";
import type { Row } from "./rows";

/** The clips that are selected, of the answer that is shown. */
export const selected = signal<ReadonlySet<number>>(new Set());

/** Whether a press on a row selects it, or no more: who has neither Shift nor Ctrl. */
export const selecting = signal(false);

/** Begin to select rows by pressing them, or stop, with none selected. */
export function toggleSelecting(): void {
  selecting.value = !selecting.peek();
  selectNone();
}

const rows = (): readonly Row[] => answered.peek()?.rows ?? [];

export const selectedRows = (): Row[] => rows().filter((row) => selected.peek().has(row.clip_id));

export function selectNone(): void {
  if (selected.peek().size > 0) selected.value = new Set();
}

/** What is not listed any more is not selected: nobody sees what would be done with it. */
export function selectListed(): void {
  const listed = selectedRows();
  if (listed.length < selected.peek().size) selected.value = new Set(listed.map((row) => row.clip_id));
}

/** All that are listed. */
export function selectAll(): void {
  selected.value = new Set(rows().map((row) => row.clip_id));
}

/** Whatever lies between two places, and nothing else. */
export function selectRange(from: number, to: number): void {
  const between = rows().slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1);
  selected.value = new Set(between.map((row) => row.clip_id));
}

/** Add a row to those that are selected, or take it away; the one that was chosen before belongs to them. */
export function toggleSelected(place: number, chosenBefore: number): void {
  const before = selected.peek();
  const now = new Set(before);
  const [first, row] = [rows()[chosenBefore], rows()[place]];
  if (before.size === 0 && first && chosenBefore !== place) now.add(first.clip_id);
  if (!row) return;
  if (!now.delete(row.clip_id)) now.add(row.clip_id);
  selected.value = now;
}
