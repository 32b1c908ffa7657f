/** Words of a question that were searched for with another spelling, since no name has them: mostly typing errors. */
import type { SearchBody } from "../api/service";
import type { Question } from "./model";

/** The languages that words may be in, as the service calls them. */
export const WORD_LANGUAGES = [
  "en",
  "de",
  "fr",
  "es",
  "it",
  "pt",
  "zh",
  "ja",
  "ru",
] as const satisfies NonNullable<SearchBody["language"]>[];

const WORDS = /[\p{L}\p{N}]+/gu;
const WORDS_AND_PHRASES = /"[^"]*"|[\p{L}\p{N}]+/gu;

const wordsOf = (text: string): string[] => text.toLowerCase().match(WORDS) ?? [];

/** The corrected words of a text, each with its correction; `readAs` is the whole text as the service read it. */
export function misread(text: string, readAs: string): Map<string, string> {
  const [written, read] = [wordsOf(text), wordsOf(readAs)];
  const others = read.filter((word) => !written.includes(word));
  const found = new Map<string, string>();
  for (const word of written) {
    // the service never corrects a first letter
    const place = read.includes(word) ? -1 : others.findIndex((other) => other[0] === word[0]);
    const [other] = place < 0 ? [] : others.splice(place, 1);
    if (other) found.set(word, other);
  }
  return found;
}

/** The text with the service's corrections. */
export const asRead = (text: string, readAs: string): string => changed(text, readAs, (_, other) => other);

/** The text with the corrected words in quotes: the service does not correct words in quotes. */
export const asWritten = (text: string, readAs: string): string =>
  changed(text, readAs, (word) => `"${word}"`);

function changed(text: string, readAs: string, change: (word: string, other: string) => string): string {
  const slips = misread(text, readAs);
  return text.replace(WORDS_AND_PHRASES, (word) => {
    const other = slips.get(word.toLowerCase());
    return other === undefined ? word : change(word, other);
  });
}

/** The words of a question, one text after the other. */
export const textsOf = ({ parts, draft }: Question): string[] => [
  ...parts.flatMap(({ thing }) => (thing.kind === "text" ? [thing.text] : [])),
  draft,
];

/** The changes to a question when each of its texts is changed. */
export function withTexts(
  { parts, draft }: Question,
  change: (text: string) => string,
): Pick<Question, "parts" | "draft"> {
  const part = (one: Question["parts"][number]) =>
    one.thing.kind === "text" ? { ...one, thing: { ...one.thing, text: change(one.thing.text) } } : one;
  return { parts: parts.map(part), draft: change(draft) };
}
