/**
 * What the page says, in the language that is chosen: `t("Search")`, `t("{n} sound|{n} sounds", { n: 3 })`.
 *
 * The English text is the message's key. Every one has its text in each catalogue beside this file; the compiler and
 * `tests/messages` see to it.
 */
import { Fragment, h, type VNode } from "preact";
import { locale, type Message, textOf } from "./language";
import { count } from "./numbers";
import { categoriesOf, type Needed } from "./placeholders";

export type { Message } from "./language";

type Filling<M extends string, Value> = [Needed<M>] extends [never]
  ? never
  : { [Name in Needed<M>]: Name extends "n" ? number : Value };

/** A message that nothing is filled into: what tables hold, and `t(one)` says. */
export type Plain = { [M in Message]: [Needed<M>] extends [never] ? M : never }[Message];

const PLACEHOLDER = /\{(\w+)\}/;

/** The message's text; numbers are written as the language does. */
export function t(message: Plain): string;
export function t<M extends Message>(message: M, values: Filling<M, string | number>): string;
export function t(message: Message, values?: Readonly<Record<string, string | number>>): string {
  return pieces(message, values).map(inWords).join("");
}

/** The same with elements in it: `tx("Nobody has {words}.", { words: <bdi>x</bdi> })`. */
export function tx<M extends Message>(message: M, values: Filling<M, string | number | VNode>): VNode {
  const all = pieces(message, values as Readonly<Record<string, string | number | VNode>>);
  return h(Fragment, null, ...all.map((one) => (typeof one === "number" ? count(one) : one)));
}

/** A message that `t` says later: for tables, which are there before the language is known. */
export const message = <M extends Message>(text: M): M => text;

const inWords = (value: string | number): string => (typeof value === "number" ? count(value) : value);

/** The words of a message and what is filled in between them, in turn. */
function pieces<Value>(message: Message, values: Readonly<Record<string, Value>> = {}): (Value | string)[] {
  const text = formOf(textOf(message), values["n"]);
  return text.split(PLACEHOLDER).map((piece, at) => (at % 2 ? (values[piece] ?? "") : piece));
}

let rules: Intl.PluralRules | null = null;

/** The form of a text for a number. */
function formOf(text: string, n: unknown): string {
  if (!text.includes("|") || typeof n !== "number") return text;
  if (rules?.resolvedOptions().locale !== locale.value) rules = new Intl.PluralRules(locale.value);
  const forms = text.split("|");
  return forms[categoriesOf(rules).indexOf(rules.select(n))] ?? forms.at(-1) ?? text;
}
