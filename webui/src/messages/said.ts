/**
 * What the service says, in the language of the page: `said("no clip has the id 7")`.
 *
 * It says everything in English, by templates: what it fills in is no part of them. A catalogue has them by their
 * English text, `{}` for each thing that is filled in; its own texts say where which goes: `{1}`, `{2}`. What is
 * filled in may be such a sentence too. `tests/page/test_sentences.py` compares the catalogue with the service's code.
 */
import { sentences } from "./language";

type Catalogue = Readonly<Record<string, string>>;
interface Template {
  pattern: RegExp;
  text: string;
}

const PLACEHOLDER = "{}";
/** A sentence in a sentence in a sentence. */
const DEEPEST = 4;
const compiled = new WeakMap<Catalogue, readonly Template[]>();

/** A sentence of the service as the page says it; one that no catalogue knows stays as it is. */
export function said(text: string): string {
  const catalogue = sentences.value;
  return catalogue ? translated(text, catalogue) : text;
}

export function translated(text: string, catalogue: Catalogue, depth = 0): string {
  return (
    sentence(text, catalogue, depth) ?? behindName(text, catalogue, depth) ?? listed(text, catalogue, depth)
  );
}

/** A sentence that the catalogue has; null for none. */
function sentence(text: string, catalogue: Catalogue, depth: number): string | null {
  if (depth === DEEPEST || !text) return null;
  const whole = catalogue[text];
  if (whole !== undefined) return whole;
  for (const { pattern, text: into } of templatesOf(catalogue)) {
    const found = pattern.exec(text);
    if (found)
      return into.replace(/\{(\d)\}/g, (_, place: string) =>
        translated(found[Number(place)] ?? "", catalogue, depth + 1),
      );
  }
  return null;
}

/** A name before a colon, as of a file, is whose sentence it is. */
function behindName(text: string, catalogue: Catalogue, depth: number): string | null {
  for (let colon = text.lastIndexOf(": "); colon > 0; colon = text.lastIndexOf(": ", colon - 1)) {
    const why = sentence(text.slice(colon + 2), catalogue, depth);
    if (why !== null) return `${text.slice(0, colon)}：${why}`;
  }
  return null;
}

/** Several sentences in a row; a text that has none stays as it is. */
function listed(text: string, catalogue: Catalogue, depth: number): string {
  const parts = text.split(", ");
  const there = parts.map((one) => sentence(one, catalogue, depth));
  return there.some((one) => one !== null) ? there.map((one, at) => one ?? parts[at]).join("，") : text;
}

/** The templates, those first that say most themselves. */
function templatesOf(catalogue: Catalogue): readonly Template[] {
  const known = compiled.get(catalogue);
  if (known) return known;
  const made = Object.entries(catalogue)
    .filter(([english]) => english.includes(PLACEHOLDER) && english !== "{} of {}")
    .sort(([one], [other]) => saidIn(other) - saidIn(one))
    .map(([english, text]) => ({ pattern: patternOf(english, ".*?"), text }));
  // a number of something, as what is nearest is told: no name is one
  const counted = catalogue["{} of {}"];
  if (counted !== undefined) made.push({ pattern: /^(\d+) of ([^,]+)$/s, text: counted });
  compiled.set(catalogue, made);
  return made;
}

const saidIn = (english: string): number => english.replaceAll(PLACEHOLDER, "").length;

function patternOf(english: string, filled: string): RegExp {
  const pieces = english.split(PLACEHOLDER).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pieces.join(`(${filled})`)}$`, "s");
}
