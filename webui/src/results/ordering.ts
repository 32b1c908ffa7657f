/**
 * Sorting hits by a column within each level of confidence: sure hits stay before likely ones, and so on. So no hit
 * stands before one of a higher level.
 */
import { computed, effect } from "@preact/signals";
import { by } from "../route";
import { answered } from "./answers";
import { columnFacts, factsByNow, factsVersion, isComing } from "./columnfacts";
import { confidence, isKnown } from "./confidence";
import type { Row } from "./rows";

type Value = string | number | null;

const TEXTS: Readonly<Record<string, (row: Row) => string>> = {
  title: (row) => row.title.toLowerCase(),
  path: (row) => row.path.toLowerCase(),
};

/** Whether the hits are not yet in the order asked for, because the values to sort by are still being fetched. */
export const isOrdering = computed(() => {
  const now = answered.value;
  return now !== null && now.verdict !== null && now.sorted !== by.value;
});

/** Keep an answer's rows in the order asked for; they are sorted once all values are known. Called once. */
export function keepOrder(): void {
  let asked: unknown[] = [];
  effect(() => {
    const order = by.value;
    const now = answered.value;
    void factsVersion.value;
    if (!now || now.verdict === null) return;
    if (isOfFacts(order)) {
      const isNew = asked[0] !== order || asked[1] !== now.rows; // what could not be fetched is not asked for for ever
      asked = [order, now.rows];
      if (isNew) for (const row of now.rows) columnFacts(row.clip_id);
      if (now.rows.some((row) => isComing(row.clip_id))) return;
    }
    const rows = inOrder(now.rows, order);
    const isInOrder = now.sorted === order && rows.every((row, place) => row === now.rows[place]);
    if (!isInOrder) answered.value = { ...now, rows, sorted: order };
  });
}

const columnOf = (order: string): string => order.replace(/^-/, "");
const isOfFacts = (order: string): boolean => order !== "" && !(columnOf(order) in TEXTS);

/** Rows by a column ("-" before it: from the highest), within what is equally sure; empty: the closest first. */
export function inOrder(rows: readonly Row[], order: string): readonly Row[] {
  const ranked = [...rows].sort((one, other) => one.rank - other.rank);
  if (!order) return ranked;
  const name = columnOf(order);
  const turned = order.startsWith("-") ? -1 : 1;
  const bands = bandsOf(ranked);
  const placed = ranked.map((row, place) => ({ row, band: bands[place] ?? 0, value: valueOf(row, name) }));
  placed.sort(
    (one, other) =>
      other.band - one.band || compared(one.value, other.value, turned) || one.row.rank - other.row.rank,
  );
  return placed.map(({ row }) => row);
}

/** The confidence level of each row: never higher than that of rows ranked before it, but for known copies. */
function bandsOf(ranked: readonly Row[]): number[] {
  let least = Infinity;
  return ranked.map(({ probability, same }) => {
    if (isKnown({ same })) return 4;
    if (probability !== null) least = Math.min(least, confidence(probability).level);
    return least === Infinity ? 5 : least;
  });
}

function valueOf(row: Row, name: string): Value {
  const text = TEXTS[name];
  if (text) return text(row);
  const known = factsByNow(row.clip_id);
  if (name === "duration_s") return row.duration_s ?? known?.duration_s ?? null;
  const fact = known?.facts[name];
  return typeof fact === "number" ? fact : null;
}

/** Missing values come last in both directions. */
function compared(one: Value, other: Value, turned: number): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return one === other ? 0 : (one < other ? -1 : 1) * turned;
}
