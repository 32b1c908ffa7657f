/**
 * Hits in the order of a column, relevance first: what is sure comes before what is likely, and within each the column
 * decides. So no hit stands before one that is closer by more than a word.
 */
import { effect } from "@preact/signals";
import { by } from "../route";
import { answered } from "./answers";
import { columnFacts, factsVersion } from "./columnfacts";
import { confidence, isKnown } from "./confidence";
import type { Row } from "./rows";

type Value = string | number | null;

const TEXTS: Readonly<Record<string, (row: Row) => string>> = {
  title: (row) => row.title.toLowerCase(),
  path: (row) => row.path.toLowerCase(),
};

/** Keep the rows of an answer in the order that is asked for. Called once. */
export function keepOrder(): void {
  effect(() => {
    const order = by.value;
    const now = answered.value;
    void factsVersion.value;
    if (!now || now.verdict === null) return;
    const rows = inOrder(now.rows, order);
    if (rows.some((row, place) => row !== now.rows[place])) answered.value = { ...now, rows };
  });
}

/** Rows by a column ("-" before it: from the highest), within what is equally sure; empty: the closest first. */
export function inOrder(rows: readonly Row[], order: string): readonly Row[] {
  const ranked = [...rows].sort((one, other) => one.rank - other.rank);
  if (!order) return ranked;
  const name = order.replace(/^-/, "");
  const turned = order.startsWith("-") ? -1 : 1;
  const bands = bandsOf(ranked);
  const placed = ranked.map((row, place) => ({ row, band: bands[place] ?? 0, value: valueOf(row, name) }));
  placed.sort(
    (one, other) =>
      other.band - one.band || compared(one.value, other.value, turned) || one.row.rank - other.row.rank,
  );
  return placed.map(({ row }) => row);
}

/** How sure each is: never more than what ranks before it, but for what is known to be the same. */
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
  const known = columnFacts(row.clip_id).peek();
  if (name === "duration_s") return row.duration_s ?? known?.duration_s ?? null;
  const fact = known?.facts[name];
  return typeof fact === "number" ? fact : null;
}

/** What is absent comes last, whichever way. */
function compared(one: Value, other: Value, turned: number): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return one === other ? 0 : (one < other ? -1 : 1) * turned;
}
