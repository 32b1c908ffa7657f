import { describe, expect, it } from "vitest";
import type { Tag } from "../../src/api/service";
import { likelyTags } from "../../src/results/rows";

const tag = (name: string, probability: number): Tag => ({ name, probability });

describe("the tags that are shown", () => {
  const tags = [tag("Rain", 0.9), tag("Wind", 0.4), tag("Sea", 0.1), tag("Dog", 0.09)];

  it("are the likely ones, in their order", () => {
    expect(likelyTags(tags, 9).map((one) => one.name)).toEqual(["Rain", "Wind", "Sea"]);
  });

  it("are no more than there is room for", () => {
    expect(likelyTags(tags, 2).map((one) => one.name)).toEqual(["Rain", "Wind"]);
    expect(likelyTags([], 2)).toEqual([]);
  });
});
