// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Removal, removeLater } from "../../src/ui/removelater";
import { ACTION_MS, takeLastOffer } from "../../src/ui/toasts";

const sent: string[] = [];
/** What the service answers to one; 204 where nothing is said. */
let statuses: Record<string, number>;
/** Whether answers are held back. */
let isHeld: boolean;
let putBack: number[][];
let done: number;
const reload = vi.fn();

beforeEach(() => {
  [sent.length, statuses, isHeld, putBack, done] = [0, {}, false, [], 0];
  vi.useFakeTimers();
  vi.spyOn(location, "reload").mockImplementation(reload);
  vi.stubGlobal("fetch", (address: string, init: RequestInit) => {
    const id = address.replace(/.*\//, "");
    sent.push(`${init.method} ${id}`);
    if (isHeld) return new Promise(() => undefined);
    const status = statuses[id] ?? 204;
    return Promise.resolve(status === 204 ? new Response(null, { status }) : Response.json({}, { status }));
  });
});
afterEach(() => {
  while (takeLastOffer());
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  reload.mockClear();
});

const remove = (ids: number[], change: Partial<Removal> = {}) =>
  removeLater({
    said: "removed",
    ids,
    pathOf: (id) => `/clips/${id}`,
    failed: "Not removed",
    putBack: (some) => putBack.push([...some]),
    done: () => done++,
    ...change,
  });
const later = () => vi.advanceTimersByTimeAsync(ACTION_MS + 100);
const leave = () => dispatchEvent(new Event("pagehide"));
const comeBack = (persisted: boolean) => dispatchEvent(Object.assign(new Event("pageshow"), { persisted }));

describe("what is removed", () => {
  it("is told to the service after a while, one by one", async () => {
    remove([1, 2]);
    await vi.advanceTimersByTimeAsync(ACTION_MS - 100);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect([sent, putBack, done]).toEqual([["DELETE 1", "DELETE 2"], [], 1]);
  });

  it("comes back when it is taken back, and the service hears nothing", async () => {
    remove([1, 2]);
    expect(takeLastOffer()).toBe(true);
    await later();
    expect([sent, putBack, done]).toEqual([[], [[1, 2]], 0]);
  });

  it("can be taken back by who offered it, and its offer goes", async () => {
    remove([1])();
    expect(putBack).toEqual([[1]]);
    expect(takeLastOffer()).toBe(false);
    await later();
    expect(sent).toEqual([]);
  });

  it("may be gone there already: the rest goes too", async () => {
    statuses = { 1: 404 };
    remove([1, 2]);
    await later();
    expect([sent, putBack, done]).toEqual([["DELETE 1", "DELETE 2"], [], 1]);
  });

  it("comes back from the one on that the service refuses", async () => {
    statuses = { 2: 503 };
    remove([1, 2, 3]);
    await later();
    expect([sent, putBack, done]).toEqual([["DELETE 1", "DELETE 2"], [[2, 3]], 1]);
    leave();
    expect(sent).toHaveLength(2);
  });
});

describe("whoever leaves the page", () => {
  it("meant it, and it is told once, though the page comes back", async () => {
    remove([1, 2]);
    leave();
    expect(sent).toEqual(["DELETE 1", "DELETE 2"]);
    await later();
    expect(sent).toHaveLength(2);
    comeBack(false);
    expect(reload).not.toHaveBeenCalled();
    comeBack(true);
    expect(reload).toHaveBeenCalledOnce();
  });

  it("cannot take it back any more", () => {
    remove([1]);
    leave();
    takeLastOffer();
    expect(putBack).toEqual([]);
  });

  it("in the middle of many still removes all of them", async () => {
    isHeld = true;
    remove([1, 2, 3]);
    await later();
    expect(sent).toEqual(["DELETE 1"]);
    leave();
    expect(sent.slice(1)).toEqual(["DELETE 1", "DELETE 2", "DELETE 3"]);
  });
});
