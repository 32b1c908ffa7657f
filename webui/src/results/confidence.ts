/** How sure a hit is, as a word and a number: people read the word, and compare by the number. */
import { message, type Plain } from "../messages/t";
import type { Row } from "./rows";

export interface Confidence {
  word: "Sure" | "Likely" | "Possible" | "Unlikely";
  level: 4 | 3 | 2 | 1;
}

/** The same limits as the service's verdicts: from 0.6 on good, below 0.4 none. */
const LIMITS: readonly (readonly [number, Confidence])[] = [
  [0.8, { word: message("Sure"), level: 4 }],
  [0.6, { word: message("Likely"), level: 3 }],
  [0.4, { word: message("Possible"), level: 2 }],
];

/** The words for hits that are the same sound, not only similar. */
export const SAME: Readonly<Record<NonNullable<Row["same"]>, Plain>> = {
  content: message("Identical"),
  recording: message("Same recording"),
  tune: message("Same tune"),
};

const NAMED = /^words \d+$/;

/** The place of the first row that is less than likely, after likely ones; -1 without one. */
export function cutOf(rows: readonly Row[], least: number): number {
  const isLess = ({ probability, via, same }: Row) =>
    !same && probability !== null && probability < least && !via.some(({ part }) => NAMED.test(part));
  const cut = rows.findIndex(isLess);
  const isPast = (row: Row) => isLess(row) || (row.probability === null && !row.same);
  return cut > 0 && rows.slice(cut).every(isPast) ? cut : -1;
}

/** Whether the row is known to be the same sound, so that it needs no probability. */
export const isKnown = ({ same }: Pick<Row, "same">): boolean => same !== null && same !== "tune";

export function confidence(probability: number): Confidence {
  return LIMITS.find(([from]) => probability >= from)?.[1] ?? { word: message("Unlikely"), level: 1 };
}
