// @vitest-environment happy-dom
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { answered, answerQuestions, more, pageAfter, trouble, waiting } from "../../src/results/answers";
import { libraryVersion } from "../../src/library/facts";
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
const bodies: { offset: number; k: number; facets: boolean }[] = [];

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

const HITS = 1300;

it("asked again for a library that changed, an answer keeps the rows that were fetched", async () => {
  service(async ({ offset, k, facets }) => ({
    verdict: "good",
    hits: hits(offset, Math.min(offset + k, HITS)),
    took_ms: 7,
    reason: "",
    facets: facets ? FACETS : null,
    next_offset: offset + k < HITS ? offset + k : null,
  }));
  ask({ draft: "thunder" });
  await vi.advanceTimersByTimeAsync(100);
  while ((answered.value?.rows.length ?? 0) < 1200) await more();
  const before = answered.value!.rows.map((row) => row.clip_id);
  bodies.length = 0;
  libraryVersion.value++;
  await vi.advanceTimersByTimeAsync(100);
  expect(answered.value?.rows.map((row) => row.clip_id)).toEqual(before);
  expect(bodies.map(({ offset, k }) => [offset, k])).toEqual([
    [0, 1000],
    [1000, before.length - 1000],
  ]);
  bodies.length = 0;
  ask({ draft: "thunders" });
  await vi.advanceTimersByTimeAsync(100);
  expect(bodies.map(({ offset, k }) => [offset, k])).toEqual([[0, 50]]);
});

it("of a refused question everything is looked at at once, and whoever asks another waits for none of it", async () => {
  const looked: { address: string; signal: AbortSignal | null | undefined }[] = [];
  vi.stubGlobal("fetch", async (address: string, init: RequestInit = {}) => {
    if (address.endsWith("/search")) return Response.json({ detail: "no clip 7" }, { status: 404 });
    looked.push({ address, signal: init.signal });
    return new Promise(() => undefined);
  });
  const parts = [7, 8].map((id) => ({ thing: { kind: "clip" as const, id }, weight: 1 }));
  ask({ draft: "", parts, filters: ["a", "b"] });
  await vi.advanceTimersByTimeAsync(100);
  expect(looked).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(5000);
  expect(trouble.value).toBeNull();
  ask({ draft: "snow", parts: [], filters: [] });
  await vi.advanceTimersByTimeAsync(100);
  expect(looked.map(({ signal }) => signal?.aborted)).toEqual([true, true, true, true]);
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
