// @vitest-environment happy-dom
import { h, render } from "preact";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeFinal, merge } from "../../src/library/merges";
import { ACTION_MS, takeLastOffer, Toasts } from "../../src/ui/toasts";

const sent: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  vi.stubGlobal("fetch", async (address: string, init: RequestInit = {}) => {
    sent.push(`${init.method ?? "GET"} ${address.replace(/.*\/v1/, "")}`);
    if (address.endsWith("/undo")) return Response.json({ restored: [2], notes: [] });
    return Response.json({ id: 5, total: 1, merges: [] });
  });
  render(h(Toasts, {}), document.body);
});
afterEach(() => {
  while (takeLastOffer());
  render(null, document.body);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a merge that is undone after all does not become final", async () => {
  await merge(1, [2]);
  makeFinal(5);
  await vi.advanceTimersByTimeAsync(100);
  const [undoMerge] = document.querySelectorAll<HTMLElement>(".toast button");
  undoMerge?.click();
  await vi.advanceTimersByTimeAsync(2 * ACTION_MS);
  expect(sent.filter((one) => !one.startsWith("GET"))).toEqual(["POST /merges", "POST /merges/5/undo"]);
  expect(takeLastOffer()).toBe(false);
});
