// @vitest-environment happy-dom
import { h, render } from "preact";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { say, takeLastOffer, Toasts } from "../../src/ui/toasts";

beforeEach(() => {
  vi.useFakeTimers();
  render(h(Toasts, {}), document.body);
});
afterEach(() => {
  vi.advanceTimersByTime(60_000);
  render(null, document.body);
  vi.useRealTimers();
});

const shown = async () => {
  await vi.advanceTimersByTimeAsync(100);
  return [...document.querySelectorAll(".toast bdi")].map((text) => text.textContent);
};

it("three messages stand at once, the newest ones", async () => {
  for (const text of ["a", "b", "c", "d"]) say(text);
  expect(await shown()).toEqual(["b", "c", "d"]);
});

it("what can be taken back is offered as long as that is so, whatever is said after it", async () => {
  const taken: number[] = [];
  for (const n of [1, 2, 3, 4]) say(`removed ${n}`, { action: { name: "Undo", run: () => taken.push(n) } });
  for (const text of ["a", "b"]) say(text);
  expect(await shown()).toEqual(["removed 1", "removed 2", "removed 3", "removed 4", "b"]);
  while (takeLastOffer());
  expect(taken).toEqual([4, 3, 2, 1]);
});

it("a message can be taken away before its time", async () => {
  say("a")();
  expect(await shown()).toEqual([]);
});
