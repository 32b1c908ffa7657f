/** Filters over numbers as sliders show them: a range, or everything outside it. */
import { message, type Plain } from "../messages/t";

export interface Scale {
  /** Its name in filters. */
  column: string;
  title: Plain;
  least: number;
  most: number;
  /** Whether the slider is logarithmic. */
  isLogarithmic: boolean;
  digits: number;
}

export const SCALES: readonly Scale[] = [
  {
    column: "duration_s",
    title: message("Length"),
    least: 0.1,
    most: 3600,
    isLogarithmic: true,
    digits: 2,
  },
  {
    column: "loudness",
    title: message("Loudness"),
    least: -70,
    most: 0,
    isLogarithmic: false,
    digits: 1,
  },
  {
    column: "tempo",
    title: message("Tempo"),
    least: 40,
    most: 240,
    isLogarithmic: false,
    digits: 0,
  },
  {
    column: "centroid_hz",
    title: message("Brightness"),
    least: 100,
    most: 16_000,
    isLogarithmic: true,
    digits: 0,
  },
];

/** The last step of a slider; the first is 0. At either end there is no bound. */
export const STEPS = 100;

export interface Range {
  /** Null without a bound. */
  from: number | null;
  to: number | null;
  /** Whether the range is excluded. */
  isExcluded: boolean;
}

export const ALL: Range = { from: null, to: null, isExcluded: false };

/** The value of a slider's step, rounded as it is displayed. */
export function valueAt({ least, most, isLogarithmic, digits }: Scale, step: number): number {
  const share = step / STEPS;
  const value = isLogarithmic ? least * (most / least) ** share : least + (most - least) * share;
  return Number((value >= 100 ? Math.round(value) : value).toFixed(digits));
}

/** The step nearest to a value. */
export function stepOf({ least, most, isLogarithmic }: Scale, value: number): number {
  const bounded = Math.min(most, Math.max(least, value));
  const share = isLogarithmic
    ? Math.log(bounded / least) / Math.log(most / least)
    : (bounded - least) / (most - least);
  return Math.round(share * STEPS);
}

/** The range as a filter; null when it excludes nothing. */
export function writeRange(column: string, { from, to, isExcluded }: Range): string | null {
  const bounds = [
    ...(from === null ? [] : [`${column} >= ${from}`]),
    ...(to === null ? [] : [`${column} <= ${to}`]),
  ];
  if (bounds.length === 0) return null;
  const between = bounds.join(" and ");
  return isExcluded ? `not (${between})` : between;
}

const BOUND = /^(\w+) (>=|<=) (-?\d+(?:\.\d+)?)$/;

/** The range of a column in a filter; null for a filter of another kind or column. */
export function readRange(column: string, filter: string): Range | null {
  const inner = /^not \((.*)\)$/.exec(filter)?.[1];
  const range = { ...ALL, isExcluded: inner !== undefined };
  for (const bound of (inner ?? filter).split(" and ")) {
    const [, name, sign, value] = BOUND.exec(bound) ?? [];
    const end = sign === ">=" ? "from" : "to";
    if (name !== column || range[end] !== null) return null;
    range[end] = Number(value);
  }
  return range;
}

/** The filters with another range of a column. */
export function withRange(filters: readonly string[], column: string, range: Range): string[] {
  const written = writeRange(column, range);
  const others = filters.filter((one) => readRange(column, one) === null);
  return written === null ? others : [...others, written];
}
