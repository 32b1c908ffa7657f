import { describe, expect, it } from "vitest";
import { NOTHING } from "../../src/question/model";
import { asRead, asWritten, misread, withTexts } from "../../src/question/words";

describe("words that were read as others", () => {
  it.each([
    ["lazer gun", "laser gun", { lazer: "laser" }],
    ["the Lazer of a gunn", "laser gun", { lazer: "laser", gunn: "gun" }],
    ["rain", "laser", {}],
    ["laser", "laser", {}],
    ["", "laser", {}],
  ])("of %j, read as %j, are %j", (text, readAs, slips) => {
    expect(Object.fromEntries(misread(text, readAs))).toEqual(slips);
  });

  it("are exchanged, or put in quotes; phrases and other words stay", () => {
    expect(asRead('Lazer "big lazer", the gun', "laser gun")).toBe('laser "big lazer", the gun');
    expect(asWritten('Lazer "big lazer", the gun', "laser gun")).toBe('"Lazer" "big lazer", the gun');
  });

  it("change in every text of a question, and nothing else does", () => {
    const clip = { thing: { kind: "clip" as const, id: 3 }, weight: 1 };
    const text = { thing: { kind: "text" as const, text: "lazer" }, weight: 2 };
    const changed = withTexts({ ...NOTHING, draft: "lazer", parts: [clip, text] }, (one) =>
      asRead(one, "laser"),
    );
    expect(changed).toEqual({
      draft: "laser",
      parts: [clip, { thing: { kind: "text", text: "laser" }, weight: 2 }],
    });
  });
});
