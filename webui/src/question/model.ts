/** A question: what the box and its chips hold. Plain values; nothing here touches the page. */
import type { SearchBody } from "../api/service";
import type { Liking } from "./liking";

/** From when to when, in seconds. */
export interface Passage {
  start_s: number;
  end_s: number;
}

/** How to read a file: which sound track, counted from 0, and at what speed. */
export interface Played {
  track?: number;
  speed?: number;
}

/** Whether the service accepts this speed. */
export const isSpeed = (speed: number): boolean => speed >= 0.001 && speed <= 1000;
export const LAST_TRACK = 9999;

/** What a part of a question is. `file` names a sound that this browser keeps (`question/sounds`). */
export type Thing =
  | { kind: "text"; text: string }
  | { kind: "clip"; id: number; passage?: Passage }
  | { kind: "segment"; id: number }
  | { kind: "audio"; file: string; passage?: Passage; played?: Played }
  | { kind: "hum"; file: string; passage?: Passage }
  | { kind: "notes"; notes: string };

/** A sound of which a passage can be chosen. */
export type CutThing = Extract<Thing, { kind: "clip" | "audio" | "hum" }>;

export const canCut = (thing: Thing): thing is CutThing =>
  thing.kind === "clip" || thing.kind === "audio" || thing.kind === "hum";

/** Whether the service accepts a `liking` for it. */
export const canWeigh = (thing: Thing): boolean =>
  thing.kind === "clip" || thing.kind === "segment" || thing.kind === "audio";

/** A part and how much it counts; below 0: not like this. Never 0. `liking`: in which way hits are like it. */
export interface Part {
  thing: Thing;
  weight: number;
  liking?: Liking;
}

/** `draft` is what stands in the box and is no chip yet; `filters` are filters of the service's own language; `within` is
    the list that is asked alone: "collection:3", "liked:anna". `language` is the one of its words, by its code; empty:
    the service finds it out. `recall` is the part of the nearest ten that a large library is to find, where somebody
    says any: an address, or a saved search. */
export interface Question {
  draft: string;
  parts: readonly Part[];
  filters: readonly string[];
  region: string;
  within: string;
  language: string;
  recall?: number;
}

/** Whether the service accepts this recall. */
export const isRecall = (recall: number): boolean => recall >= 0.5 && recall <= 0.999;

/** All sounds. */
export const UNFILTERED = { filters: [], region: "", within: "" } satisfies Partial<Question>;
export const NOTHING: Question = { draft: "", parts: [], language: "", ...UNFILTERED };

export const isFiltered = ({ filters, region, within }: Question): boolean =>
  filters.length > 0 || region !== "" || within !== "";

/** Whether it has words. */
export const hasWords = (question: Question): boolean =>
  allParts(question).some(({ thing }) => thing.kind === "text");

/** The words of a question that asks for nothing else. */
export function onlyWords(question: Question): string | null {
  const [part, ...others] = allParts(question);
  return part && others.length === 0 && part.weight > 0 && part.thing.kind === "text"
    ? part.thing.text
    : null;
}

type PartBody = NonNullable<SearchBody["parts"]>[number];

/** Every part, the words in the box last. */
export function allParts(question: Question): Part[] {
  const text = question.draft.trim();
  return text ? [...question.parts, { thing: { kind: "text", text }, weight: 1 }] : [...question.parts];
}

export const isEmpty = (question: Question): boolean => allParts(question).length === 0;

/** Whether it asks for something: a question of unwanted parts alone has no answer. */
export const isWanting = (question: Question): boolean => allParts(question).some((part) => part.weight > 0);

/** Filters as the boxes at the side write them, by their column: a value, or a stretch of lengths or dates. */
const FACETS: Readonly<Record<string, RegExp>> = {
  own_tag: /^own_tag = "(?:[^"]|"")*"$/,
  tag: /^tag = "(?:[^"]|"")*"$/,
  folder: /^folder = "(?:[^"]|"")*"$/,
  added: /^added (?:= "[^"]*"|>= "[^"]*" and added < "[^"]*")$/,
  duration_s: /^duration_s (?:< 1|>= 3600|>= [\d.]+ and duration_s < [\d.]+)$/,
};

/** The facet that a filter belongs to, if it is one of its boxes. */
export const facetOf = (filter: string): string | undefined =>
  Object.keys(FACETS).find((name) => FACETS[name]?.test(filter));

/** All filters as one: joined by "and", but boxes of the same facet by "or" (dogs or cats). */
export function whereOf(filters: readonly string[]): string | null {
  if (filters.length === 1) return filters[0] ?? null; // as it was typed: what the service says of it quotes it
  const groups = new Map<string, string[]>();
  for (const filter of filters) {
    const column = facetOf(filter) ?? filter;
    groups.set(column, [...(groups.get(column) ?? []), filter]);
  }
  const parts = [...groups.values()].map((some) => some.map((one) => `(${one})`).join(" or "));
  return parts.length === 0 ? null : parts.map((part) => `(${part})`).join(" and ");
}

/** These filters and one more, in brackets: as a box of a facet it would be joined to the others by "or". */
export function narrowedBy(filters: readonly string[], where: string): string[] {
  const facet = facetOf(where);
  const widens = facet !== undefined && filters.some((filter) => facetOf(filter) === facet);
  return [...filters, widens ? `(${where})` : where];
}

/** The part as the service reads it; `field` is where its file is sent. */
export function bodyOf(part: Part, field: (file: string) => string): PartBody {
  const { thing, weight } = part;
  // a liking only applies to wanted parts
  const liking = canWeigh(thing) && weight > 0 ? likingBody(part.liking) : {};
  switch (thing.kind) {
    case "text":
      return { text: thing.text, weight };
    case "clip":
      return { clip_id: thing.id, ...thing.passage, weight, ...liking };
    case "segment":
      return { segment_id: thing.id, weight, ...liking };
    case "audio":
      return { audio: field(thing.file), ...thing.passage, ...thing.played, weight, ...liking };
    case "hum":
      return { hum: field(thing.file), ...thing.passage, weight };
    case "notes":
      return { notes: thing.notes, weight };
  }
}

const likingBody = ({ aspects, changes }: Liking = {}) => ({
  ...(aspects && { aspects }),
  ...(changes && { changes: [...changes] }),
});

const UNWANTED = /^(?:(?:no|not|without)\s+|-\s*)(?=\S)/i;

/** What someone typed, as parts: "rain on a tin roof, no thunder" is one wanted and one unwanted. */
export function partsOfWords(typed: string): Part[] {
  const pieces = typed.split(",").map((piece) => piece.trim());
  return pieces.filter(Boolean).map((piece, place) => {
    const unwanted = (place > 0 && UNWANTED.test(piece)) || piece.startsWith("-");
    const text = unwanted ? piece.replace(UNWANTED, "") : piece;
    return { thing: { kind: "text", text: text || piece }, weight: unwanted ? -1 : 1 };
  });
}
