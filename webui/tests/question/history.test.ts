// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { withQuestion } from "../../src/question/history";
import { NOTHING, type Question } from "../../src/question/model";
import { completions } from "../../src/ui/tagoptions";

const typed = (draft: string): Question => ({ ...NOTHING, draft });
const chip = (text: string): Question => ({
  ...NOTHING,
  parts: [{ thing: { kind: "text", text }, weight: 1 }],
});
const after = (...questions: Question[]) => questions.reduce<string[]>(withQuestion, []);

describe("what was asked before", () => {
  it("is the last first, and each once", () => {
    expect(after(chip("rain"), chip("wind"), chip("rain"))).toEqual(["part=text%3Arain", "part=text%3Awind"]);
  });

  it("has of a question that is typed its end alone", () => {
    expect(after(chip("wind"), typed("r"), typed("ra"), typed("rain"))).toEqual([
      "q=rain",
      "part=text%3Awind",
    ]);
    expect(after(typed("rain"), typed("dog"))).toEqual(["q=dog", "q=rain"]);
  });

  it("goes back no further than fifty questions", () => {
    const many = Array.from({ length: 60 }, (_, place) => chip(`sound ${place}`));
    const kept = after(...many);
    expect([kept.length, kept[0]]).toEqual([50, "part=text%3Asound+59"]);
  });
});

it("tags are completed one by one, and none is offered twice", () => {
  const tags = ["hero", "Heavy", "wet"];
  expect(completions("he", tags)).toEqual(["hero", "Heavy"]);
  expect(completions("hero, he", tags)).toEqual(["hero, Heavy"]);
  expect(completions("hero,", tags)).toEqual(["hero, Heavy", "hero, wet"]);
});
