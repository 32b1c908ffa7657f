// @vitest-environment happy-dom
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { answered, answerQuestions, more, pageAfter, trouble, waiting } from "../../src/results/answers";
import { ask } from "../../src/route";

const FACETS = { clips: 50, own_tags: [], tags: [], durations: [], added: [], folders: [], facts: {} };
const hit = (clip_id: number) => ({
  clip_id,
  segment_id: 1,
  start_s: 0,
  end_s: 1,
  own_tags: [],
  tags: [],
  via: [],
  copies: [],
});
const hits = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => hit(from + place));
const bodies: { offset: number; facets: boolean }[] = [];

beforeAll(() => {
  // The first question is asked at once.
  service(() => new Promise(() => undefined));
  answerQuestions();
});
beforeEach(() => {
  vi.useFakeTimers();
  bodies.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function service(answer: (body: { offset: number; k: number; facets: boolean }) => Promise<object>): void {
  vi.stubGlobal("fetch", async (_: string, init?: RequestInit) => {
    const body = JSON.parse(String(init?.body ?? '{"offset":0}'));
    bodies.push(body);
    return Response.json(await answer(body));
  });
}

it("the rest of an answer changes neither its summary nor its facets", async () => {
  service(async ({ offset, k, facets }) => ({
    verdict: "good",
    hits: hits(offset, Math.min(offset + k, 80)),
    took_ms: 7,
    reason: "",
    facets: facets ? FACETS : null,
    next_offset: offset + k < 80 ? offset + k : null,
  }));
  ask({ draft: "rain" });
  await vi.advanceTimersByTimeAsync(100);
  expect(answered.value).toMatchObject({ total: null, next: 50, took_ms: 7, facets: FACETS });
  await more();
  expect(answered.value?.rows.map((row) => row.clip_id)).toEqual(hits(0, 80).map((one) => one.clip_id));
  expect(answered.value).toMatchObject({ total: null, next: null, took_ms: 7, facets: FACETS });
  expect(bodies.at(-1)).toMatchObject({ offset: 50, facets: false });
});

it("a service that hangs is said to after three seconds, and can be asked once more", async () => {
  service(() => new Promise(() => undefined));
  ask({ draft: "wind" });
  await vi.advanceTimersByTimeAsync(2900);
  expect([waiting.value, trouble.value]).toEqual([true, null]);
  await vi.advanceTimersByTimeAsync(300);
  expect(trouble.value?.why).toContain("has not answered");
  service(async () => ({ verdict: "good", hits: [hit(5)], took_ms: 1, reason: "", facets: FACETS }));
  trouble.value?.again?.();
  await vi.advanceTimersByTimeAsync(100);
  expect(trouble.value).toBeNull();
  expect(answered.value?.rows.map((row) => row.clip_id)).toEqual([5]);
});

it("ten thousand hits take few questions", () => {
  const asked = [0];
  for (let offset = 50; offset < 10_000; offset += pageAfter(offset)) asked.push(offset);
  expect(asked.slice(0, 4)).toEqual([0, 50, 150, 300]);
  expect(asked.length).toBeLessThan(16);
});
