/** Filters over numbers as sliders show them: from where to where, or all but that. */
import { message, type Plain } from "../messages/t";

export interface Scale {
  /** As filters call it. */
  column: string;
  title: Plain;
  least: number;
  most: number;
  /** Whether equal steps are equal factors. */
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

/** The last step of a slider; the first is 0. Both ends stand for no bound. */
export const STEPS = 100;

export interface Range {
  /** Null where nothing bounds it. */
  from: number | null;
  to: number | null;
  /** All but what lies between is meant. */
  isExcluded: boolean;
}

export const ALL: Range = { from: null, to: null, isExcluded: false };

/** What a step of a slider stands for, rounded as it is written. */
export function valueAt({ least, most, isLogarithmic, digits }: Scale, step: number): number {
  const share = step / STEPS;
  const value = isLogarithmic ? least * (most / least) ** share : least + (most - least) * share;
  return Number((value >= 100 ? Math.round(value) : value).toFixed(digits));
}

/** The step that comes nearest to a value. */
export function stepOf({ least, most, isLogarithmic }: Scale, value: number): number {
  const bounded = Math.min(most, Math.max(least, value));
  const share = isLogarithmic
    ? Math.log(bounded / least) / Math.log(most / least)
    : (bounded - least) / (most - least);
  return Math.round(share * STEPS);
}

/** As a filter; null for what leaves nothing out. */
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

/** What a filter says of a column; null for a filter of another kind or column. */
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
