import { describe, expect, it } from "vitest";
import {
  allParts,
  bodyOf,
  facetOf,
  isEmpty,
  isWanting,
  narrowedBy,
  NOTHING,
  type Part,
  partsOfWords,
  whereOf,
} from "../../src/question/model";

const words = (text: string, weight = 1): Part => ({ thing: { kind: "text", text }, weight });

describe("the parts of a question", () => {
  it("end with the words in the box, without the spaces around them", () => {
    const question = { ...NOTHING, draft: "  rain ", parts: [words("wind")] };
    expect(allParts(question)).toEqual([words("wind"), words("rain")]);
  });

  it("are none where only spaces stand in the box", () => {
    expect(isEmpty({ ...NOTHING, draft: "   " })).toBe(true);
    expect(isEmpty({ ...NOTHING, draft: "x" })).toBe(false);
  });

  it("ask for something only if one of them is wanted", () => {
    expect(isWanting({ ...NOTHING, parts: [words("rain", -1)] })).toBe(false);
    expect(isWanting({ ...NOTHING, parts: [words("rain", -1)], draft: "wind" })).toBe(true);
  });
});

describe("typed words", () => {
  it.each([
    ["rain on a tin roof", [words("rain on a tin roof")]],
    ["rain, no thunder", [words("rain"), words("thunder", -1)]],
    [
      "horn, not bell, without echo, - hiss, -hum",
      [words("horn"), ...["bell", "echo", "hiss", "hum"].map((one) => words(one, -1))],
    ],
    ["-rain", [words("rain", -1)]],
    ["no parking", [words("no parking")]],
    [" , rain,, ", [words("rain")]],
  ])("%s", (typed, parts) => expect(partsOfWords(typed)).toEqual(parts));

  it("that only begin like a no are wanted", () => {
    for (const word of ["noise", "north wind", "nothing else", "notes", "withoutwords"])
      expect(partsOfWords(`rain, ${word}`)).toEqual([words("rain"), words(word)]);
  });
});

describe("filters", () => {
  it.each([
    ['tag = "Dog"', "tag"],
    ['own_tag = "hero"', "own_tag"],
    ['tag = "He said ""no"""', "tag"],
    ['folder = "a/b"', "folder"],
    ['added = "today"', "added"],
    ['added >= "2026-01-01" and added < "2026-02-01"', "added"],
    ["duration_s < 1", "duration_s"],
    ["duration_s >= 1 and duration_s < 2.5", "duration_s"],
    ["duration_s >= 3600", "duration_s"],
  ])("%s is a box of %s", (filter, facet) => expect(facetOf(filter)).toBe(facet));

  it.each(['tag = "Dog" or tag = "Cat"', 'title ~ "door"', "duration_s < 6", "tag = Dog", ""])(
    "%s is a filter of one's own",
    (filter) => expect(facetOf(filter)).toBeUndefined(),
  );

  it("are no condition where there are none", () => expect(whereOf([])).toBeNull());

  it("is sent as it was typed where it is one", () => {
    expect(whereOf(["duration_s <"])).toBe("duration_s <");
  });

  it("of one facet widen each other, all others narrow", () => {
    expect(whereOf(['tag = "Dog"', "duration_s < 6", 'tag = "Cat"', "duration_s > 2"])).toBe(
      '((tag = "Dog") or (tag = "Cat")) and ((duration_s < 6)) and ((duration_s > 2))',
    );
  });
});

describe("a part as the service reads it", () => {
  const passage = { start_s: 1, end_s: 2.5 };
  it.each<[Part["thing"], object]>([
    [{ kind: "text", text: "rain" }, { text: "rain" }],
    [{ kind: "clip", id: 7 }, { clip_id: 7 }],
    [
      { kind: "clip", id: 7, passage },
      { clip_id: 7, ...passage },
    ],
    [{ kind: "segment", id: 9 }, { segment_id: 9 }],
    [
      { kind: "audio", file: "ab", passage },
      { audio: "sound-ab", ...passage },
    ],
    [{ kind: "hum", file: "ab" }, { hum: "sound-ab" }],
    [{ kind: "notes", notes: "C4 D4" }, { notes: "C4 D4" }],
  ])("%j", (thing, body) => {
    expect(bodyOf({ thing, weight: -0.5 }, (file) => `sound-${file}`)).toEqual({ ...body, weight: -0.5 });
  });
});

it("one filter more narrows, though it is a box of a facet that is chosen", () => {
  const [rain, dog] = ['tag = "Rain"', 'tag = "Dog"'];
  expect(narrowedBy(["duration_s < 1"], rain)).toEqual(["duration_s < 1", rain]);
  expect(whereOf(narrowedBy([dog], rain))).toBe(`((${dog})) and (((${rain})))`);
});
