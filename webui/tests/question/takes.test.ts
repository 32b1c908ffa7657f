import { describe, expect, it } from "vitest";
import { soundingIn, takeName } from "../../src/question/takes";

const RATE_HZ = 8000;

/** Seconds of silence, a tone, and silence again. */
function take(before_s: number, tone_s: number, after_s: number, peak = 0.5): Float32Array {
  const samples = new Float32Array(Math.round((before_s + tone_s + after_s) * RATE_HZ));
  for (let at = 0; at < tone_s * RATE_HZ; at++)
    samples[Math.round(before_s * RATE_HZ) + at] = peak * Math.sin(at);
  return samples;
}

describe("where a take has a sound", () => {
  it("is without the silence at its ends", () => {
    const sounding = soundingIn(take(1, 2, 3), RATE_HZ);
    expect(sounding?.start_s).toBeCloseTo(0.85);
    expect(sounding?.end_s).toBeCloseTo(3.15);
  });

  it("keeps pauses within it", () => {
    const samples = take(0, 6, 0);
    samples.fill(0, 2 * RATE_HZ, 4 * RATE_HZ);
    expect(soundingIn(samples, RATE_HZ)).toEqual({ start_s: 0, end_s: 6 });
  });

  it("is nowhere in silence, in the noise of a muted microphone, and in nothing", () => {
    expect(soundingIn(take(3, 0, 0), RATE_HZ)).toBeNull();
    expect(soundingIn(take(0, 3, 0, 0.0005), RATE_HZ)).toBeNull();
    expect(soundingIn(new Float32Array(0), RATE_HZ)).toBeNull();
  });

  it("does not cut quiet sounds", () => {
    expect(soundingIn(take(0, 2, 0, 0.01), RATE_HZ)).toEqual({ start_s: 0, end_s: 2 });
  });
});

it("takes are named by time", () => {
  expect(takeName("hum", new Date(2026, 1, 3, 9, 5, 7))).toBe("hum 09:05:07");
  expect(takeName("audio", new Date(2026, 1, 3, 19, 45, 7))).toBe("recording 19:45:07");
});
