/** Many rows at once, selected by Shift, Ctrl and Ctrl+A, or one by one by touch, for what is done with all of them (`results/manybar`). */
import { signal } from "@preact/signals";
import { answered } from "./answers";
import type { Row } from "./rows";

/** The clips that are selected, of the answer that is shown. */
export const selected = signal<ReadonlySet<number>>(new Set());

/** Whether pressing a row selects or deselects it: for touch screens, without Shift and Ctrl. */
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

/** Deselect what is no longer listed, so that nothing is done with rows that cannot be seen. */
export function selectListed(): void {
  const listed = selectedRows();
  if (listed.length < selected.peek().size) selected.value = new Set(listed.map((row) => row.clip_id));
}

/** All that are listed. */
export function selectAll(): void {
  selected.value = new Set(rows().map((row) => row.clip_id));
}

/** Select the rows between two places, and no others. */
export function selectRange(from: number, to: number): void {
  const between = rows().slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1);
  selected.value = new Set(between.map((row) => row.clip_id));
}

/** Select or deselect a row; when none was selected, the row chosen before is selected too. */
export function toggleSelected(place: number, chosenBefore: number): void {
  const before = selected.peek();
  const now = new Set(before);
  const [first, row] = [rows()[chosenBefore], rows()[place]];
  if (before.size === 0 && first && chosenBefore !== place) now.add(first.clip_id);
  if (!row) return;
  if (!now.delete(row.clip_id)) now.add(row.clip_id);
  selected.value = now;
}
