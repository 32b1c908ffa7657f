/**
 * What the service says, in another language: `translated("no clip has the id 7", catalogue)`. It comes with the catalogue.
 *
 * It says everything in English, by templates: what it fills in is no part of them. A catalogue has them by their
 * English text, `{}` for each thing that is filled in; its own texts say where which goes: `{1}`, `{2}`. What is
 * filled in may be such a sentence too; a single word is said only where the text asks for one, `{2:word}`, since it
 * may be somebody's own; and what somebody called something, `{1:name}` or between quotes, stays as it is. A text
 * that can be read in several ways is read in the way that leaves least unsaid.
 * `tests/page/test_sentences.py` compares the catalogue with the service's code.
 */
type Catalogue = Readonly<Record<string, string>>;
interface Template {
  english: string;
  pattern: RegExp;
  text: string;
}
/** A text as the page says it, and how many of its characters nobody knew. */
interface Reading {
  text: string;
  unknown: number;
}

const PLACEHOLDER = "{}";
/** A sentence in a sentence in a sentence. */
const DEEPEST = 4;
/** What is longer is somebody's text; so many colons and commas are tried. */
const LONGEST = 4000;
const MOST_PIECES = 24;
const NEAREST = "{}; nearest: {}";
const COUNTED = "{} of {}";
const compiled = new WeakMap<Catalogue, readonly Template[]>();

/** A sentence of the service as a catalogue has it; one that it does not know stays as it is. */
export function translated(text: string, catalogue: Catalogue): string {
  return text.length > LONGEST ? text : new Reader(catalogue).read(text, 0).text;
}

const asItIs = (text: string): Reading => ({ text, unknown: text.length });

class Reader {
  private readonly known = new Map<string, Reading>();

  constructor(private readonly catalogue: Catalogue) {}

  read(text: string, depth: number): Reading {
    if (depth === DEEPEST || !text || isQuoted(text)) return asItIs(text);
    return this.once(`${depth} ${text}`, () => {
      const ways = [this.sentence(text, depth), ...this.behindName(text, depth), this.listed(text, depth)];
      return best(ways) ?? asItIs(text);
    });
  }

  /** A sentence that the catalogue has; null for none. */
  private sentence(text: string, depth: number): Reading | null {
    if (!text || text.includes(PLACEHOLDER)) return null;
    const whole = /^\w+$/.test(text) ? undefined : entry(this.catalogue, text);
    if (whole !== undefined) return { text: whole, unknown: 0 };
    return best(templatesOf(this.catalogue).map((template) => this.filled(template, text, depth)));
  }

  private filled({ english, pattern, text: into }: Template, text: string, depth: number): Reading | null {
    const found = pattern.exec(text);
    if (!found) return null;
    let unknown = 0;
    const filledIn = into.replace(/\{(\d)(?::(word|name))?\}/g, (_, place: string, kind?: string) => {
      const filling = found[Number(place)] ?? "";
      const isTyped = kind === "name" || isBetweenQuotes(english, Number(place));
      let reading = isTyped ? asItIs(filling) : null;
      if (kind === "word") reading = this.word(filling);
      if (english === NEAREST && place === "2") reading = this.counted(filling);
      reading ??= this.read(filling, depth + 1);
      unknown += reading.unknown;
      return reading.text;
    });
    return { text: filledIn, unknown };
  }

  private word(text: string): Reading {
    const there = entry(this.catalogue, text);
    return there === undefined ? asItIs(text) : { text: there, unknown: 0 };
  }

  /** Numbers of things, as what is nearest is told: "12 of Baby cry, 3 of Dog". */
  private counted(text: string): Reading {
    const into = entry(this.catalogue, COUNTED);
    if (into === undefined) return asItIs(text);
    const parts = text.split(/, (?=\d+ of )/).map((one) => {
      const found = /^(\d+) of (.+)$/s.exec(one);
      return found ? into.replace(/\{(\d)\}/g, (_, place: string) => found[Number(place)] ?? "") : one;
    });
    return { text: parts.join("，"), unknown: 0 };
  }

  /** A name before a colon, as of a file, is whose sentence it is: the longest that there is. */
  private behindName(text: string, depth: number): (Reading | null)[] {
    return separators(text, ": ").map((colon) => {
      const why = colon > 0 ? this.sentence(text.slice(colon + 2), depth) : null;
      return why && { text: `${text.slice(0, colon)}：${why.text}`, unknown: colon + why.unknown };
    });
  }

  /** Several sentences in a row; a text that has none stays as it is. */
  private listed(text: string, depth: number): Reading | null {
    const commas = separators(text, ", ");
    if (commas.length === 0) return null;
    const parts = [...commas, text.length].map((end, at) =>
      text.slice(at ? (commas[at - 1] ?? 0) + 2 : 0, end),
    );
    const there = parts.map((one) => this.sentence(one, depth));
    if (there.every((one) => one === null)) return null;
    const readings = there.map((one, at) => one ?? asItIs(parts[at] ?? ""));
    return {
      text: readings.map((one) => one.text).join("，"),
      unknown: readings.reduce((sum, one) => sum + one.unknown, 0),
    };
  }

  private once(key: string, make: () => Reading): Reading {
    const known = this.known.get(key) ?? make();
    this.known.set(key, known);
    return known;
  }
}

/** The reading that leaves least unsaid; of several the first. */
function best(ways: readonly (Reading | null)[]): Reading | null {
  return ways.reduce((least, one) => (one && (!least || one.unknown < least.unknown) ? one : least), null);
}

/** The catalogue's own: "constructor" is none. */
const entry = (catalogue: Catalogue, text: string): string | undefined =>
  Object.hasOwn(catalogue, text) ? catalogue[text] : undefined;

const QUOTED = /"[^"]*"|(?<![\p{L}\p{N}])'[^']*'(?![\p{L}\p{N}])/gu;

/** Whether all of it was typed by somebody. */
const isQuoted = (text: string): boolean => /^(?:"[^"]*"|'[^']*')$/s.test(text);

function isBetweenQuotes(english: string, place: number): boolean {
  const pieces = english.split(PLACEHOLDER);
  return Boolean(pieces[place - 1]?.endsWith('"') && pieces[place]?.startsWith('"'));
}

/** Where a text has this outside of quotes, the first so many. */
function separators(text: string, separator: string): number[] {
  const quotes = [...text.matchAll(QUOTED)].map((one) => [one.index, one.index + one[0].length] as const);
  const found: number[] = [];
  for (
    let at = text.indexOf(separator);
    at >= 0 && found.length < MOST_PIECES;
    at = text.indexOf(separator, at + 1)
  )
    if (!quotes.some(([from, to]) => from < at && at < to)) found.push(at);
  return found;
}

/** The templates, those first that say most themselves. */
function templatesOf(catalogue: Catalogue): readonly Template[] {
  const known = compiled.get(catalogue);
  if (known) return known;
  const made = Object.entries(catalogue)
    .filter(([english]) => english.includes(PLACEHOLDER) && english !== COUNTED)
    .sort(([one], [other]) => saidIn(other) - saidIn(one))
    .map(([english, text]) => ({ english, pattern: patternOf(english), text }));
  compiled.set(catalogue, made);
  return made;
}

const saidIn = (english: string): number => english.replaceAll(PLACEHOLDER, "").length;

function patternOf(english: string): RegExp {
  const pieces = english.split(PLACEHOLDER).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pieces.join("(.*?)")}$`, "s");
}
