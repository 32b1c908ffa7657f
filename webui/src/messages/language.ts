/** Which language the page speaks: as the browser, or as was chosen; its catalogue is fetched when it is needed. */
import { computed, effect, signal } from "@preact/signals";
import { rememberedSignal } from "../ui/remembered";
import type { zh } from "./zh";

/** A message of the page, by its English text. */
export type Message = keyof typeof zh;
type Catalogue = Readonly<Record<Message, string>>;

/** The languages: how each calls itself, its tag, in which direction it is written. A new one comes here. */
export const LANGUAGES = {
  en: { name: "English", tag: "en", dir: "ltr" },
  zh: { name: "简体中文", tag: "zh-CN", dir: "ltr" },
} as const;
export type Language = keyof typeof LANGUAGES;
export type Choice = Language | "auto";

/** English is what messages are written in: it needs no catalogue. */
const CATALOGUES: Record<Exclude<Language, "en">, () => Promise<Catalogue>> = {
  zh: () => import("./zh").then((module) => module.zh),
};

/** The function that translates the service's English sentences (`translated.ts`). */
type Sentences = (english: string) => string;
const SENTENCES: Record<Exclude<Language, "en">, () => Promise<Sentences>> = {
  zh: async () => {
    const [{ translated }, { default: catalogue }] = await Promise.all([
      import("./translated"),
      import("./said.zh.json"),
    ]);
    return (english) => translated(english, catalogue);
  },
};

const ALL = Object.keys(LANGUAGES) as Language[];

/** The first language of a browser that the page speaks; English where it speaks none of them. */
export function fitting(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => ALL.find((one) => one === tag.toLowerCase().split("-")[0]));
  return known.find((one) => one !== undefined) ?? "en";
}

export const choice = rememberedSignal<Choice>(
  "soundalike.language",
  (kept) => ALL.find((one) => one === kept) ?? "auto",
  String,
);

/** The language that the page speaks now: the chosen one once its catalogue has come. */
const ENGLISH = { language: "en", catalogue: null, sentences: null } as const;
const spoken = signal<{
  language: Language;
  catalogue: Catalogue | null;
  sentences: Sentences | null;
}>(ENGLISH);
export const language = computed(() => spoken.value.language);
export const locale = computed(() => LANGUAGES[language.value].tag);

/** The function that translates the service's sentences; null in English. */
export const sentences = computed(() => spoken.value.sentences);

/** Separates an English word from a note on which of its meanings is meant: "dark@@sound". */
const MEANING = "@@";

/** The text of a message in the language of the page. */
export const textOf = (message: Message): string =>
  spoken.value.catalogue?.[message] ?? message.split(MEANING)[0] ?? message;

/** Follow the chosen language from now on. Called once; resolves when the first one is in use. */
export function speak(): Promise<void> | null {
  let first: Promise<void> | null = null;
  effect(() => {
    const wanted = choice.value === "auto" ? fitting(navigator.languages) : choice.value;
    first = wanted === "en" ? null : learn(wanted);
    if (wanted === "en") spoken.value = ENGLISH;
  });
  effect(() => {
    const { tag, dir } = LANGUAGES[language.value];
    Object.assign(document.documentElement, { lang: tag, dir });
  });
  return first;
}

async function learn(wanted: Exclude<Language, "en">): Promise<void> {
  const chosen = choice.peek();
  try {
    const [catalogue, sentences] = await Promise.all([CATALOGUES[wanted](), SENTENCES[wanted]()]);
    if (choice.peek() === chosen) spoken.value = { language: wanted, catalogue, sentences };
  } catch {
    // the catalogue could not be fetched: the page stays in English
  }
}
