// @vitest-environment happy-dom
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { NOTHING, type Part, type Thing } from "../src/question/model";
import { go } from "../src/route";
import { entitle } from "../src/title";

vi.mock("../src/inspector/names", () => ({ clipName: (id: number) => ({ value: `bell ${id}` }) }));

const titleOf = (...things: Thing[]) => {
  const parts: Part[] = things.map((thing, at) => ({ thing, weight: at === 0 ? 1 : -1 }));
  go({ question: { ...NOTHING, parts } });
  return document.title;
};
const words = (text: string): Thing => ({ kind: "text", text });

beforeAll(entitle);
beforeEach(() => go({ view: "search", question: NOTHING }));

it("says where one is", () => {
  expect(document.title).toBe("Soundalike");
  go({ view: "map", question: { ...NOTHING, draft: "rain" } });
  expect(document.title).toBe("rain · Map · Soundalike");
  go({ view: "library" });
  expect(document.title).toBe("Library · Soundalike");
});

it("says what is asked, and what is unwanted", () => {
  expect(titleOf(words("rain"), words("wind"))).toBe("rain, not wind · Soundalike");
  expect(titleOf({ kind: "clip", id: 2 }, { kind: "audio", file: "ab" })).toBe(
    "like bell 2, not like a sound · Soundalike",
  );
  expect(titleOf({ kind: "hum", file: "ab" }, { kind: "notes", notes: "C4" })).toBe(
    "a tune, not a tune · Soundalike",
  );
});

it("is short, and reads from left to right on one line", () => {
  expect(titleOf(words("x".repeat(61)))).toBe(`${"x".repeat(60)}… · Soundalike`);
  expect(titleOf(words("🔔".repeat(60)))).toBe(`${"🔔".repeat(60)} · Soundalike`);
  expect(titleOf(words("abc\u202egnp.exe\n"))).toBe("abc gnp.exe · Soundalike");
});
