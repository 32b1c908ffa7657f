// @vitest-environment happy-dom
import { h, render } from "preact";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { choice, fitting, language, speak } from "../../src/messages/language";
import { count, date, fixed, percent } from "../../src/messages/numbers";
import { catalogue, categoriesOf } from "../../src/messages/placeholders";
import { t, tx } from "../../src/messages/t";
import { waitFor } from "../waiting";

const speaks = (wanted: string) => waitFor(() => expect(language.value).toBe(wanted));

beforeAll(() => void speak());
afterEach(async () => {
  choice.value = "en";
  await speaks("en");
});

const IN_FILES =
  "{n} file on the way to the library: sending goes on after that.|{n} files on the way to the library: sending goes on after that.";

it("says a message in the language that is chosen, and in English again", async () => {
  expect(t("Search")).toBe("Search");
  choice.value = "zh";
  await speaks("zh");
  expect(t("Search")).toBe("检索");
  expect(document.documentElement.lang).toBe("zh-CN");
  expect(document.documentElement.dir).toBe("ltr");
  expect(localStorage.getItem("soundalike.language")).toBe("zh");
  choice.value = "en";
  await speaks("en");
  expect(t("Search")).toBe("Search");
  expect(document.documentElement.lang).toBe("en");
});

it("follows the browser unless something is chosen", async () => {
  const languages = vi.spyOn(navigator, "languages", "get").mockReturnValue(["fr", "zh-TW", "en"]);
  choice.value = "auto";
  expect(choice.value).toBe("auto");
  await speaks("zh");
  languages.mockRestore();
});

it.each([
  [["zh-Hans-CN", "en"], "zh"],
  [["de", "EN-gb", "zh"], "en"],
  [["fr"], "en"],
  [[], "en"],
])("of %j it speaks %s", (wanted, spoken) => expect(fitting(wanted)).toBe(spoken));

it("keeps to itself which meaning of a word it has", async () => {
  expect(t("dark@@sound")).toBe("dark");
  choice.value = "zh";
  await speaks("zh");
  expect([t("dark@@sound"), t("dark")]).toEqual(["偏暗", "深色"]);
});

describe("what is filled in", () => {
  it("has the form of its number, with its marks", () => {
    expect([0, 1, 2, 1000].map((n) => t(IN_FILES, { n }).split(" on")[0])).toEqual([
      "0 files",
      "1 file",
      "2 files",
      "1,000 files",
    ]);
  });

  it("may stand elsewhere, and hold marks of its own", async () => {
    expect(t("like {name}", { name: "{name}|$1" })).toBe("like {name}|$1");
    choice.value = "zh";
    await speaks("zh");
    expect(t("like {name}", { name: "{name}|$1" })).toBe("与 {name}|$1 相似");
    expect(t(IN_FILES, { n: 12_345 })).toContain("12,345 个");
  });

  it("may be an element", () => {
    const place = document.createElement("p");
    render(tx("Create keys with {command}", { command: h("code", null, "make") }), place);
    expect(place.innerHTML).toBe("Create keys with <code>make</code>");
  });
});

it("is refused by the compiler where something is amiss", () => {
  // @ts-expect-error no catalogue has it
  expect(t("Serach")).toBe("Serach");
  // @ts-expect-error nothing is filled in
  expect(t("like {name}")).toBe("like ");
  // @ts-expect-error another name
  expect(t("like {name}", { title: "x" })).toBe("like ");
  // @ts-expect-error nothing is asked for
  expect(t("Search", { n: 1 })).toBe("Search");
  // @ts-expect-error Chinese fills in what English does not have
  expect(catalogue({ "like {name}": "与 {title} 相似" })).toBeTruthy();
  expect(catalogue({ "{n} sound|{n} sounds": "{n} 个声音", "it|them": "它们" })).toBeTruthy();
});

it("forms stand in one order in every language", () => {
  const of = (tag: string) => categoriesOf(new Intl.PluralRules(tag));
  expect(of("en")).toEqual(["one", "other"]);
  expect(of("zh")).toEqual(["other"]);
  expect(of("pl")).toEqual(["one", "few", "many", "other"]);
  expect(of("ar")).toEqual(["zero", "one", "two", "few", "many", "other"]);
});

describe("numbers", () => {
  it("in English are those of Intl, which is slow to begin", () => {
    for (const number of [0, 7, 999, 1000, 1234567])
      expect(count(number)).toBe(new Intl.NumberFormat("en").format(number));
    expect(fixed(1234.56, 1)).toBe("1234.6");
    expect(percent(0.5)).toBe("50 %");
  });

  it("in Chinese are those of Intl", async () => {
    choice.value = "zh";
    await speaks("zh");
    expect([count(1234567), fixed(1234.56, 1), percent(0.994)]).toEqual(["1,234,567", "1234.6", "99%"]);
    const dates = ["2026", "2026-11", "2026-11-29", "today"];
    expect(dates.map(date)).toEqual(["2026年", "2026年11月", "2026年11月29日", "today"]);
    choice.value = "en";
    await speaks("en");
    expect(dates.map(date)).toEqual(dates);
  });
});
