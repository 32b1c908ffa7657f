import { describe, expect, it } from "vitest";
import { paths, shapeOf } from "../../src/results/shapes";

const SIZE = { width: 120, height: 42 };
const NOTES = { start_s: [0, 1, 2, 3], end_s: [1, 2, 3, 4], pitch: [60, 72, 66, 60] };
const tune = shapeOf({ clip_id: 1, end_s: 4, low: [], high: [], notes: NOTES });

describe("a piano roll", () => {
  it("has a line for each note, from its time, as long as it, high notes above", () => {
    const [quiet, loud] = paths(tune, null, SIZE);
    expect(quiet).toBe("M0.0 40.0h29.0M30.0 2.0h29.0M60.0 21.0h29.0M90.0 40.0h29.0");
    expect(loud).toBe("");
  });

  it("marks the notes that match", () => {
    const [quiet, loud] = paths(tune, { start_s: 0.9, end_s: 2.5 }, SIZE);
    expect(loud).toBe("M30.0 2.0h29.0M60.0 21.0h29.0");
    expect(quiet).toBe("M0.0 40.0h29.0M90.0 40.0h29.0");
  });

  it("does not blow a small step up to the whole height", () => {
    const [quiet] = paths(
      { ...tune, notes: { start_s: [0, 2], end_s: [2, 4], pitch: [60, 62] } },
      null,
      SIZE,
    );
    const heights = [...quiet.matchAll(/M\S+ (\S+)h/g)].map((found) => Number(found[1]));
    expect(Math.abs(heights[0]! - heights[1]!)).toBeLessThan(8);
  });
});

describe("a waveform", () => {
  it("is bars, those of the match apart", () => {
    const sound = shapeOf({ clip_id: 1, end_s: 2, low: [-1, -0.5], high: [1, 0.5], notes: null });
    const [quiet, loud] = paths(sound, { start_s: 0, end_s: 1 }, SIZE);
    expect(loud.match(/M/g)).toHaveLength(20);
    expect(quiet.match(/M/g)).toHaveLength(20);
  });

  const heights = (...loudness: number[]): number[] => {
    const low = loudness.map((value) => -value);
    const [quiet] = paths(shapeOf({ clip_id: 1, end_s: 2, low, high: loudness, notes: null }), null, SIZE);
    return [...quiet.matchAll(/v([\d.]+)/g)].map((found) => Number(found[1]));
  };

  it("is as high as there is room where it is loudest, and in proportion elsewhere", () => {
    const [loudest, half] = [heights(0.8, 0.4)[0]!, heights(0.8, 0.4).at(-1)!];
    expect(loudest).toBeCloseTo(SIZE.height - 2, 1);
    expect(half).toBeCloseTo((SIZE.height - 2) / 2, 0);
  });

  it("is low where all of it is quiet", () => {
    expect(heights(0.01)[0]).toBeCloseTo((SIZE.height - 2) / 2, 0);
    expect(heights(0)[0]).toBe(1);
  });
});
