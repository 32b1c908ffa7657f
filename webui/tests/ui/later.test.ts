// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { reachability } from "../../src/api/client";
import { keepLoading } from "../../src/ui/later";

const reload = vi.fn();
const used: string[] = [];
let isThere: boolean;
let isBuiltAnew: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  [isThere, isBuiltAnew, used.length] = [true, false, 0];
  reload.mockClear();
  reachability.value = "ok";
  vi.spyOn(location, "reload").mockImplementation(reload);
  vi.stubGlobal("fetch", async () => {
    if (!isThere) throw new TypeError("Failed to fetch");
    return Response.json({ status: "ok" });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const load = async () => {
  if (!isThere || isBuiltAnew) throw new TypeError("Failed to fetch dynamically imported module");
  return "code";
};

it("where the files have other names now the page is loaded anew", async () => {
  isBuiltAnew = true;
  keepLoading(load, (code) => used.push(code));
  await vi.advanceTimersByTimeAsync(100);
  expect([reload.mock.calls.length, used]).toEqual([1, []]);
});

it("where the service is gone the page stays, and the code comes when it is back", async () => {
  isThere = false;
  keepLoading(load, (code) => used.push(code));
  await vi.advanceTimersByTimeAsync(5000);
  expect([reload.mock.calls.length, used, reachability.value]).toEqual([0, [], "gone"]);
  isThere = true;
  await vi.advanceTimersByTimeAsync(5000);
  expect([reload.mock.calls.length, used]).toEqual([0, ["code"]]);
});

it("where the service is known to be gone nothing is tried: a browser may not try again what failed", async () => {
  reachability.value = "gone";
  const tried = vi.fn(load);
  keepLoading(tried, (code) => used.push(code));
  await vi.advanceTimersByTimeAsync(100);
  expect(tried).not.toHaveBeenCalled();
  reachability.value = "ok";
  await vi.advanceTimersByTimeAsync(100);
  expect([tried.mock.calls.length, used]).toEqual([1, ["code"]]);
});

it("nobody waits for what is not shown any more", async () => {
  isThere = false;
  const end = keepLoading(load, (code) => used.push(code));
  await vi.advanceTimersByTimeAsync(100);
  end();
  isThere = true;
  await vi.advanceTimersByTimeAsync(5000);
  expect([reload.mock.calls.length, used]).toEqual([0, []]);
});

it("nothing is fetched later but by what tries again: a promise that nobody looks at is an error of the page", () => {
  const sources = import.meta.glob<string>("../../src/**/*.{ts,tsx}", {
    query: "?raw",
    import: "default",
    eager: true,
  });
  const bare = Object.entries(sources).filter(([, text]) => /(void|await) \(?import\(/.test(text));
  expect(Object.keys(sources).length).toBeGreaterThan(50);
  expect(bare.map(([name]) => name)).toEqual([]);
});
