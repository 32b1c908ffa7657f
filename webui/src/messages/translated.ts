/**
 * Translates the service's sentences: `translated("no clip has the id 7", catalogue)`. Fetched with the catalogue.
 *
 * The service writes English sentences from templates. A catalogue is keyed by these templates, with `{}` for each value
 * that is filled in; its translations number the values: `{1}`, `{2}`. A value may be such a sentence too, and is then
 * translated. A value of a single word is translated only where the translation says `{2:word}`, since it may be a
 * user's own word; a name, `{1:name}` or anything in quotes, never is. When several templates fit a text, the one that
 * leaves the fewest characters untranslated is used.
 * `tests/page/test_sentences.py` compares the catalogue with the service's code.
 */
type Catalogue = Readonly<Record<string, string>>;
interface Template {
  english: string;
  pattern: RegExp;
  text: string;
}
/** A translated text, and how many of its characters stayed untranslated. */
interface Reading {
  text: string;
  unknown: number;
}

const PLACEHOLDER = "{}";
/** How deep sentences may be nested. */
const DEEPEST = 4;
/** Longer texts are not translated; and how many colons and commas of a text are tried. */
const LONGEST = 4000;
const MOST_PIECES = 24;
const NEAREST = "{}; nearest: {}";
const COUNTED = "{} of {}";
const compiled = new WeakMap<Catalogue, readonly Template[]>();

/** The translation of a sentence of the service; one that the catalogue does not have stays as it is. */
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

  /** The translation of a whole sentence; null where the catalogue has none. */
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

  /** Lists of counts, as in the nearest tags: "12 of Baby cry, 3 of Dog". */
  private counted(text: string): Reading {
    const into = entry(this.catalogue, COUNTED);
    if (into === undefined) return asItIs(text);
    const parts = text.split(/, (?=\d+ of )/).map((one) => {
      const found = /^(\d+) of (.+)$/s.exec(one);
      return found ? into.replace(/\{(\d)\}/g, (_, place: string) => found[Number(place)] ?? "") : one;
    });
    return { text: parts.join("，"), unknown: 0 };
  }

  /** Readings as a name, such as a file's, with a sentence after a colon: one for each colon. */
  private behindName(text: string, depth: number): (Reading | null)[] {
    return separators(text, ": ").map((colon) => {
      const why = colon > 0 ? this.sentence(text.slice(colon + 2), depth) : null;
      return why && { text: `${text.slice(0, colon)}：${why.text}`, unknown: colon + why.unknown };
    });
  }

  /** Several sentences with commas between them; null when none of them has a translation. */
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

/** The translation that leaves the fewest characters untranslated; the first of equals. */
function best(ways: readonly (Reading | null)[]): Reading | null {
  return ways.reduce((least, one) => (one && (!least || one.unknown < least.unknown) ? one : least), null);
}

/** Only the catalogue's own keys: "constructor" is not one. */
const entry = (catalogue: Catalogue, text: string): string | undefined =>
  Object.hasOwn(catalogue, text) ? catalogue[text] : undefined;

const QUOTED = /"[^"]*"|(?<![\p{L}\p{N}])'[^']*'(?![\p{L}\p{N}])/gu;

/** Whether the whole text is in quotes, so that a user typed it. */
const isQuoted = (text: string): boolean => /^(?:"[^"]*"|'[^']*')$/s.test(text);

function isBetweenQuotes(english: string, place: number): boolean {
  const pieces = english.split(PLACEHOLDER);
  return Boolean(pieces[place - 1]?.endsWith('"') && pieces[place]?.startsWith('"'));
}

/** The first places of `separator` outside quotes. */
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

/** The templates, those with the most text of their own first. */
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
