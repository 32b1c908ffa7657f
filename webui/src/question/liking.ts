/** How a hit should be like a sound of the question: weights of aspects, and how it should differ. */
import { message, type Plain } from "../messages/t";

export const ASPECTS = ["kind", "timbre", "pitch", "envelope", "rhythm"] as const;
export type Aspect = (typeof ASPECTS)[number];

export const CHANGES = [
  "darker",
  "brighter",
  "shorter",
  "longer",
  "lower",
  "higher",
  "noisier",
  "drier",
] as const;
export type Change = (typeof CHANGES)[number];

export const ASPECT_NAMES = {
  kind: message("kind"),
  timbre: message("timbre"),
  pitch: message("pitch"),
  envelope: message("envelope"),
  rhythm: message("rhythm"),
} satisfies Record<Aspect, Plain>;
export const CHANGE_NAMES = {
  darker: message("darker"),
  brighter: message("brighter"),
  shorter: message("shorter"),
  longer: message("longer"),
  lower: message("lower"),
  higher: message("higher"),
  noisier: message("noisier"),
  drier: message("drier"),
} satisfies Record<Change, Plain>;

/** `aspects` are there only where they are not the plain ones: the kind alone. */
export interface Liking {
  aspects?: Readonly<Record<Aspect, number>>;
  changes?: readonly Change[];
}

/** The weights of a question without aspects. */
export const PLAIN: Readonly<Record<Aspect, number>> = {
  kind: 1,
  timbre: 0,
  pitch: 0,
  envelope: 0,
  rhythm: 0,
};

/** The weights for a vocal imitation: `TASTES["imitation"]` of `search.model.aspects`. */
export const IMITATION: Readonly<Record<Aspect, number>> = {
  kind: 1,
  timbre: 1,
  pitch: 0.2,
  envelope: 2,
  rhythm: 1,
};

const MOST = 1000;
const WEIGHED = /^([a-z]+)=(\d+(?:\.\d+)?)$/;

/** Changes with their opposites: both at once would find nothing. */
const OPPOSITE: Partial<Record<Change, Change>> = {
  darker: "brighter",
  brighter: "darker",
  shorter: "longer",
  longer: "shorter",
  lower: "higher",
  higher: "lower",
};

/** With another weight of an aspect; the plain ones are none. */
export function weighed({ aspects = PLAIN, ...rest }: Liking, aspect: Aspect, weight: number): Liking {
  const next = { ...aspects, [aspect]: weight };
  const others = ASPECTS.filter((one) => one !== "kind");
  const isPlain = others.every((one) => next[one] === 0);
  return isPlain ? rest : { ...rest, aspects: next };
}

/** With a change, or without it. */
export function changed({ changes = [], ...rest }: Liking, change: Change): Liking {
  const next = changes.includes(change)
    ? changes.filter((one) => one !== change)
    : [...changes.filter((one) => one !== OPPOSITE[change]), change];
  return next.length > 0 ? { ...rest, changes: next } : rest;
}

/** As an address has it: `timbre=1,pitch=0.5,darker`; empty for none. */
export function writeLiking({ aspects, changes = [] }: Liking): string {
  const weights = aspects
    ? ASPECTS.filter((one) => aspects[one] > 0).map((one) => `${one}=${aspects[one]}`)
    : [];
  return [...weights, ...changes].join();
}

/** The liking that such a text stands for; null when it is invalid. */
export function readLiking(written: string): Liking | null {
  let aspects: Record<Aspect, number> | null = null;
  const changes: Change[] = [];
  for (const one of written.split(",")) {
    const [, name, weight] = WEIGHED.exec(one) ?? [];
    const aspect = ASPECTS.find((known) => known === name);
    const change = CHANGES.find((known) => known === one);
    if (aspect && Number(weight) <= MOST) aspects = { ...(aspects ?? NONE), [aspect]: Number(weight) };
    else if (change && !changes.includes(change)) changes.push(change);
    else return null;
  }
  if (aspects && Object.values(aspects).every((weight) => weight === 0)) return null;
  return { ...(aspects && { aspects }), ...(changes.length > 0 && { changes }) };
}

const NONE: Readonly<Record<Aspect, number>> = { ...PLAIN, kind: 0 };
