import { expect, it } from "vitest";
import {
  ALL,
  type Range,
  readRange,
  SCALES,
  stepOf,
  STEPS,
  valueAt,
  withRange,
  writeRange,
} from "../../src/filters/ranges";

const RANGES: [string, Range][] = [
  ["loudness >= -30 and loudness <= -12.5", { from: -30, to: -12.5, isExcluded: false }],
  ["loudness <= -12", { from: null, to: -12, isExcluded: false }],
  ["not (loudness >= -30)", { from: -30, to: null, isExcluded: true }],
];

it.each(RANGES)("%s is read and written alike", (written, range) => {
  expect(writeRange("loudness", range)).toBe(written);
  expect(readRange("loudness", written)).toEqual(range);
});

it.each([
  "duration_s >= 1 and duration_s < 5",
  "loudness > 3",
  "tempo >= 3",
  "loudness >= 1 and loudness >= 2",
  'not (tag = "Dog")',
])("%s is no range of loudness", (filter) => expect(readRange("loudness", filter)).toBeNull());

it("a range takes the place of the one before, and none goes", () => {
  const before = ['tag = "Dog"', "tempo >= 100", "tempo >= 90 and tempo < 100"];
  const after = withRange(before, "tempo", { from: 80, to: 90, isExcluded: false });
  expect(after).toEqual(['tag = "Dog"', "tempo >= 90 and tempo < 100", "tempo >= 80 and tempo <= 90"]);
  expect(withRange(after, "tempo", ALL)).toEqual(['tag = "Dog"', "tempo >= 90 and tempo < 100"]);
});

it("every step of a slider stands for a value that is shown there again", () => {
  for (const scale of SCALES) {
    expect([valueAt(scale, 0), valueAt(scale, STEPS)]).toEqual([scale.least, scale.most]);
    for (let step = 20; step <= STEPS; step++) expect(stepOf(scale, valueAt(scale, step))).toBe(step);
  }
});
