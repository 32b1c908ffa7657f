// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";

const asked: string[] = [];
const answers: ((held: number[]) => void)[] = [];

/** The clips of an address. */
const idsOf = (address: string): number[] =>
  new URL(address, "http://here").searchParams.getAll("clip_id").map(Number);

beforeEach(() => {
  asked.length = 0;
  answers.length = 0;
  vi.resetModules();
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    return new Promise((answer) =>
      answers.push((held) => {
        const peaks = held.map((clip_id) => ({ clip_id, end_s: 1, low: [-0.5], high: [0.5] }));
        answer(new Response(JSON.stringify({ peaks })));
      }),
    );
  });
});

const until = (done: () => boolean) => vi.waitUntil(done, { timeout: 60_000, interval: 5 });

describe("waveforms of a list", () => {
  it("come without those of long recordings, which are asked for one after the other", async () => {
    const { peaks } = await import("../../src/results/peaks");
    const shown = [1, 2, 3, 4].map((id) => peaks(id));
    await until(() => asked.length === 1);
    expect(asked[0]).toContain("short=true");
    expect(idsOf(asked[0]!)).toEqual([1, 2, 3, 4]);
    answers[0]!([1, 3]);
    await until(() => asked.length === 2);
    expect(shown.map(({ value }) => value === "waiting")).toEqual([false, true, false, true]);
    expect(asked[1]).toContain("short=false");
    expect(idsOf(asked[1]!)).toEqual([4]);
    answers[1]!([4]);
    await until(() => asked.length === 3);
    expect(idsOf(asked[2]!)).toEqual([2]);
    answers[2]!([]); // it was removed meanwhile
    peaks(5);
    await until(() => asked.length === 4);
    answers[3]!([]);
    await until(() => asked.length === 5);
    expect(idsOf(asked[4]!)).toEqual([5]);
  });
});
