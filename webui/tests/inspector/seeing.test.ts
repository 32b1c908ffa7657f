// @vitest-environment happy-dom
import { rulerTime, ticks, tickStep } from "../../src/ui/ruler";
import { describe, expect, it } from "vitest";
import { lanesOf } from "../../src/inspector/happens";
import { hasMoments, stepFrom } from "../../src/inspector/matches";
import { heightOf } from "../../src/inspector/spectrogram";
import { turnedDown_db } from "../../src/player/settings";
import { NOTHING } from "../../src/question/model";
import { partOf } from "../../src/question/understanding";

describe("matches of a long recording", () => {
  const passages = [
    { start_s: 2, end_s: 4 },
    { start_s: 10, end_s: 13 },
    { start_s: 30, end_s: 31 },
  ];

  it("are gone through in order of time, round and round", () => {
    expect(stepFrom(passages, 2, 1)).toBe(passages[1]);
    expect(stepFrom(passages, 29, 1)).toBe(passages[2]);
    expect(stepFrom(passages, 30, 1)).toBe(passages[0]);
    expect(stepFrom(passages, 30, -1)).toBe(passages[1]);
    expect(stepFrom(passages, 11, -1)).toBe(passages[0]);
    expect(stepFrom(passages, 1, -1)).toBe(passages[2]);
    expect(stepFrom([], 1, 1)).toBeUndefined();
  });

  it("are none of a tune", () => {
    expect(hasMoments({ ...NOTHING, draft: "rain" })).toBe(true);
    const hum = { thing: { kind: "hum" as const, file: "0" }, weight: 1 };
    expect(hasMoments({ ...NOTHING, parts: [hum] })).toBe(false);
  });
});

it("what is heard longest has the first lanes", () => {
  const event = (name: string, start_s: number, end_s: number) => ({
    name,
    start_s,
    end_s,
    probability: 0.5,
    background: false,
  });
  const lanes = lanesOf([event("Dog", 0, 1), event("Rain", 0, 9), event("Dog", 5, 7), event("Car", 1, 2)], 2);
  expect(lanes.map(({ name, events }) => [name, events.length])).toEqual([["Rain", 1], ["Dog", 2]]); // prettier-ignore
});

it("what stands out has its lanes before what lies behind all of it", () => {
  const event = (name: string, start_s: number, end_s: number, background: boolean) => ({
    name,
    start_s,
    end_s,
    probability: 0.5,
    background,
  });
  const events = [
    event("Rain", 0, 40, true),
    event("Wind", 0, 30, true),
    event("Dog", 5, 7, false),
    event("Wind", 35, 36, false),
  ];
  expect(lanesOf(events, 3).map(({ name }) => name)).toEqual(["Dog", "Wind", "Rain"]);
  expect(lanesOf(events, 2).map(({ name }) => name)).toEqual(["Dog", "Wind"]);
});

it("frequencies stand where the service draws them", () => {
  expect([0, 5512.5, 11_025].map((hz) => heightOf(hz, true))).toEqual([0, 0.5, 1]);
  expect(heightOf(30, false)).toBe(0);
  expect(heightOf(11_025, false)).toBe(1);
  expect(heightOf(1000, false)).toBeCloseTo(
    (15 - 0.45) / (15 + Math.log(11.025) / (Math.log(6.4) / 27) - 0.45),
  );
});

it("sounds are turned down to one loudness, and never up", () => {
  expect([-13, -23, -40, null].map(turnedDown_db)).toEqual([-10, 0, 0, 0]);
});

it("what a sentence asks for becomes chips", () => {
  expect(partOf({ text: "voices", weight: -1 })).toEqual({
    thing: { kind: "text", text: "voices" },
    weight: -1,
  });
  expect(partOf({ clip_id: 7, weight: 1 })).toEqual({ thing: { kind: "clip", id: 7 }, weight: 1 });
});

describe("the ruler", () => {
  it("says times as short as can be", () => {
    expect([0, 0.25, 30, 60, 605].map(rulerTime)).toEqual(["0", "0.25", "30", "1:00", "10:05"]);
    expect([3600, 6720, 3661, 86_340].map(rulerTime)).toEqual(["1h00", "1h52", "1:01:01", "23h59"]);
  });

  it("are where people count, however long it is", () => {
    expect([0.67, 1, 4, 26, 60, 3600, 86_400].map(tickStep)).toEqual([0.2, 0.2, 1, 10, 15, 900, 28_800]);
    expect(ticks(0.67).map(rulerTime)).toEqual(["0", "0.2", "0.4", "0.6"]);
    expect(ticks(3600).map(rulerTime)).toEqual(["0", "15:00", "30:00", "45:00"]);
    expect(ticks(0)).toEqual([]);
  });
});
