// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { reachability } from "../../src/api/client";
import { facts, isEmptyLibrary, learnLibrary, libraryVersion, libraryWritten } from "../../src/library/facts";

const READY = { status: "ready", clips: 0, segments: 0, spaces: [], melody: false, unmeasured: 0, jobs: 0 };
const fetched = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  fetched.mockImplementation(() => Promise.resolve(Response.json(READY)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("nothing is known of a library before it was asked for, not even that it is empty", async () => {
  expect(isEmptyLibrary()).toBe(false);
  await learnLibrary();
  expect(isEmptyLibrary()).toBe(true);
  expect(facts.value).toEqual(READY);
});

it("what was written is asked for at once, and again when the service has taken it up", async () => {
  const before = libraryVersion.value;
  await libraryWritten();
  expect(libraryVersion.value).toBe(before + 1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(libraryVersion.value).toBe(before + 2);
  expect(vi.getTimerCount()).toBe(0);
});

it("an older answer that comes late is not shown", async () => {
  const late: ((answer: Response) => void)[] = [];
  fetched.mockImplementation(() => new Promise((resolve) => late.push(resolve)));
  const asked = [learnLibrary(), learnLibrary()];
  late[1]?.(Response.json({ ...READY, clips: 2 }));
  await asked[1];
  late[0]?.(Response.json({ ...READY, clips: 1 }));
  await asked[0];
  expect(facts.value?.clips).toBe(2);
});

it("everything is asked for again when the service is back", async () => {
  const before = libraryVersion.value;
  reachability.value = "gone";
  expect(libraryVersion.value).toBe(before);
  reachability.value = "ok";
  await vi.advanceTimersByTimeAsync(0);
  expect(libraryVersion.value).toBe(before + 1);
});
