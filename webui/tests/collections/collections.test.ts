// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { collectionIn } from "../../src/collections/collections";

describe("a list", () => {
  it.each([
    ["collection:12", 12],
    ["liked:anna", null],
    ["", null],
  ])("%s is the collection %s", (within, id) => expect(collectionIn(within)).toBe(id));
});
