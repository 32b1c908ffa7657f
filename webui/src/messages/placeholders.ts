/**
 * The placeholders of a message, as types: a wrong, missing or superfluous one is a type error.
 *
 * `{name}` is filled in. Forms of a number are separated by `|`, in the order of `CATEGORIES`, as many as the language
 * has: English "{n} sound|{n} sounds", Chinese "{n} 个声音". Their number is always called `n`.
 */
type Named<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Named<Rest>
  : never;

/** The values that a message needs. */
export type Needed<Text extends string> = Named<Text> | (Text extends `${string}|${string}` ? "n" : never);

/** A catalogue whose texts have exactly the placeholders of their messages. */
type Faithful<Texts> = {
  [Text in keyof Texts]: Text extends string
    ? Texts[Text] extends string
      ? [Named<Text>] extends [Named<Texts[Text]>]
        ? [Named<Texts[Text]>] extends [Needed<Text>]
          ? Texts[Text]
          : { superfluous: Exclude<Named<Texts[Text]>, Needed<Text>> }
        : { missing: Exclude<Named<Text>, Named<Texts[Text]>> }
      : never
    : never;
};

/** The messages in another language, by their English texts. */
export const catalogue = <const Texts extends Record<string, string>>(
  texts: Texts & Faithful<Texts>,
): Texts => texts;

/** The order of a message's plural forms; most languages have only some of them. */
const CATEGORIES: readonly Intl.LDMLPluralRule[] = ["zero", "one", "two", "few", "many", "other"];

/** The categories of numbers that a language tells apart, in the order of a message's forms. */
export function categoriesOf(rules: Intl.PluralRules): readonly Intl.LDMLPluralRule[] {
  const all = rules.resolvedOptions().pluralCategories;
  return CATEGORIES.filter((one) => all.includes(one));
}
