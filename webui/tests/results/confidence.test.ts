// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { confidence, cutOf } from "../../src/results/confidence";
import { inOrder } from "../../src/results/ordering";
import type { Row } from "../../src/results/rows";

it.each([
  [1, "Sure", 4],
  [0.8, "Sure", 4],
  [0.79, "Likely", 3],
  [0.6, "Likely", 3],
  [0.59, "Possible", 2],
  [0.4, "Possible", 2],
  [0.39, "Unlikely", 1],
  [0, "Unlikely", 1],
])("a probability of %d is %s", (probability, word, level) =>
  expect(confidence(probability)).toEqual({ word, level }),
);

const row = (rank: number, probability: number | null, same: Row["same"] = null): Row =>
  ({ rank, clip_id: rank, title: `${9 - rank}`, path: "", probability, same, via: [] }) as unknown as Row;

it("the line before what is less likely is not drawn at, or above, what is known to be the same", () => {
  expect(cutOf([row(1, 0.9), row(2, 0.2), row(3, 0.1)], 0.4)).toBe(1);
  expect(cutOf([row(1, 0.9), row(2, 0.2, "content"), row(3, 0.1)], 0.4)).toBe(2);
  expect(cutOf([row(1, 0.9), row(2, 0.2), row(3, 0.1, "recording")], 0.4)).toBe(-1);
  expect(cutOf([row(1, 0.9), row(2, 0.2), row(3, null, "recording")], 0.4)).toBe(-1);
});

it("what is known to be the same is sorted with what is sure", () => {
  const rows = [row(1, 0.9), row(2, 0.5), row(3, 0.1, "content"), row(4, 0.1), row(5, 0.3, "recording")];
  expect(inOrder(rows, "title").map(({ rank }) => rank)).toEqual([5, 3, 1, 2, 4]);
});
