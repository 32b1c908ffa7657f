/** Every catalogue has every message of the page, and the page says nothing else. */
import { describe, expect, it } from "vitest";
import { zh } from "../../src/messages/zh";
import { textsOf, textsOfThePage } from "./texts";

const CATALOGUES: Readonly<Record<string, Readonly<Record<string, string>>>> = { zh };
/** Names, keys of a keyboard, and what else is the same in every language. */
const NOT_SAID = new Set([
  "Soundalike",
  "soundalike index FOLDER",
  "/home/me/Sounds",
  "{}k",
  "A/B",
  "↑ ↓ Page ↑ ↓ Home End",
  "Space",
  "Enter",
  "Shift ↑ ↓",
  "Ctrl Space",
  "Ctrl A",
  "Ctrl Z",
  "Ctrl+Z",
  "Esc",
  "Escape",
]);

/** What a graphics card and a style sheet read. */
const IN_OTHER_LANGUAGES = /^#version 300 es|^translate\(/;

const { messages, literal } = textsOfThePage();
const used = new Set(messages.map(({ text }) => text));
const namesIn = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

it("the page says everything by its catalogues", () => {
  const left = literal.filter(({ text }) => !NOT_SAID.has(text) && !IN_OTHER_LANGUAGES.test(text));
  expect(left.map(({ file, line, text }) => `${file}:${line}: ${text}`)).toEqual([]);
});

describe.each(Object.entries(CATALOGUES))("the catalogue %s", (_, catalogue) => {
  it("has every message of the page, and no other", () => {
    expect(Object.keys(catalogue).filter((text) => !used.has(text))).toEqual([]);
    expect([...used].filter((text) => !(text in catalogue))).toEqual([]);
  });

  it("fills in what the message fills in", () => {
    const differ = Object.entries(catalogue).filter(([message, text]) => {
      const [needed, there] = [namesIn(message), namesIn(text)];
      const counted = message.includes("|") ? [...needed, "{n}"] : needed;
      return !needed.every((name) => there.includes(name)) || !there.every((name) => counted.includes(name));
    });
    expect(differ).toEqual([]);
  });
});

it("Chinese is written in Chinese, with its own marks", () => {
  const latin = Object.entries(zh).filter(
    ([message, text]) =>
      /\p{L}/u.test(message.replace(/\{\w+\}/g, "")) && !/\p{Script=Han}/u.test(text) && !SAME.has(message),
  );
  expect(latin).toEqual([]);
  expect(Object.values(zh).filter((text) => /\p{Script=Han}[,;:?!.]|\|/u.test(text))).toEqual([]);
});

/** What Chinese says without Chinese letters. */
const SAME = new Set<string>(['title ~ "door"', "{done} of {total}"]);

describe("a text that somebody reads", () => {
  const found = (source: string) => textsOf("x.tsx", source).literal.map(({ text }) => text);

  it.each([
    ["<p>Nothing found</p>", "Nothing found"],
    ["<p>{n > 1 ? 'them' : t('it')}</p>", "them"],
    ["<p>{why || 'busy'}</p>", "busy"],
    ["<p>{n} s</p>", "s"],
    ["<Button label='play' />", "play"],
    ["<img alt={`of ${name}`} />", "of {}"],
    ["say('Not saved')", "Not saved"],
    ["const names = { map: 'Map' }", "Map"],
    ["say(`${n} clips were added`)", "{} clips were added"],
  ])("%s", (source, text) => expect(found(source)).toEqual([text]));

  it.each([
    "<p class='one two' />",
    "<p>{t('Nothing found')}</p>",
    "<p>{t(n ? 'Nothing found' : 'Searching …')}</p>",
    "<code>soundalike index</code>",
    "const NAMES = { map: message('Map') }",
    "if (state === 'queued') go({ view: 'map' })",
    "type State = 'Not saved'",
    "<span>{' · '}</span>",
  ])("none in %s", (source) => expect(found(source)).toEqual([]));
});
