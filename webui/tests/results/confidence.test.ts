import { expect, it } from "vitest";
import { confidence } from "../../src/results/confidence";

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
