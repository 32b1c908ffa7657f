import { describe, expect, it } from "vitest";
import type { Tag } from "../../src/api/service";
import { likeIt, shownTags } from "../../src/results/rows";

const tag = (name: string, probability: number): Tag => ({ name, probability });

describe("the tags that are shown", () => {
  const tags = [tag("Rain", 0.9), tag("Wind", 0.4), tag("Sea", 0.1), tag("Dog", 0.09)];

  it("are the likely ones, in their order", () => {
    expect(shownTags({ own_tags: [], tags }, 9)).toEqual(["Rain", "Wind", "Sea"]);
  });

  it("begin with those that people set, each once", () => {
    expect(shownTags({ own_tags: ["hero", "Wind"], tags }, 9)).toEqual(["hero", "Wind", "Rain", "Sea"]);
  });

  it("are no more than there is room for", () => {
    expect(shownTags({ own_tags: ["hero"], tags }, 2)).toEqual(["hero", "Rain"]);
    expect(shownTags({ own_tags: [], tags: [] }, 2)).toEqual([]);
  });
});

describe("what looking for more of a row is called", () => {
  it("goes by what the file holds, not by its name", () => {
    expect(likeIt({ notes: true })).toBe("The same tune");
    expect(likeIt({ notes: false })).toBe("More like this");
  });
});
