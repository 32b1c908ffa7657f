import { describe, expect, it } from "vitest";
import { bytes, count, duration, folder, moment, percent, remaining, sentence } from "../../src/ui/format";

describe("numbers for people", () => {
  it.each([
    [0, "0.00 s"],
    [0.42, "0.42 s"],
    [0.999, "1.0 s"],
    [7.34, "7.3 s"],
    [9.96, "10 s"],
    [42.4, "42 s"],
    [59.6, "1:00"],
    [125, "2:05"],
    [3599.7, "1:00:00"],
    [3723, "1:02:03"],
  ])("a length of %d s is %s", (seconds, written) => expect(duration(seconds)).toBe(written));

  it.each([
    [0, "0:00.0"],
    [7.39, "0:07.3"],
    [59.99, "0:59.9"],
    [60, "1:00"],
    [125.4, "2:05"],
  ])("a place at %d s is %s", (seconds, written) => expect(moment(seconds)).toBe(written));

  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [1234567, "1,234,567"],
  ])("%d is counted %s", (number, written) => expect(count(number)).toBe(written));

  it.each([
    [10, "1 KB"],
    [1500, "2 KB"],
    [999_600, "1.0 MB"],
    [48e6, "48.0 MB"],
    [999.96e6, "1.0 GB"],
    [2.34e9, "2.3 GB"],
  ])("%d bytes are %s", (size, written) => expect(bytes(size)).toBe(written));

  it.each([
    [59, "less than a minute"],
    [60, "about 1 min"],
    [5399, "about 90 min"],
    [7200, "about 2 h"],
  ])("%d s to come are %s", (seconds, written) => expect(remaining(seconds)).toBe(written));
});

it("a share is a percentage", () =>
  expect([0, 0.005, 0.994, 1].map(percent)).toEqual(["0 %", "1 %", "99 %", "100 %"]));

it("a folder is the path without the name, nothing at the top", () => {
  expect(["a/b/c.wav", "c.wav", "/c.wav", ""].map(folder)).toEqual(["a/b", "", "", ""]);
});

it.each([
  ["声音.wav: no such file", "声音.wav: no such file."],
  ["声音.wav：没有此文件", "声音.wav：没有此文件。"],
  ["没有旋律；请运行：soundalike index", "没有旋律；请运行：soundalike index。"],
  ["it is silent", "It is silent."],
  ["is it?", "Is it?"],
])("%s ends as its language ends sentences", (text, written) => expect(sentence(text)).toBe(written));
