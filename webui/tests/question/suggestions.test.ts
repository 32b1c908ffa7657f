// @vitest-environment happy-dom
import { h, render } from "preact";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { libraryVersion } from "../../src/library/facts";
import { Suggestions } from "../../src/question/suggestions";

let text: string;
const asked: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
  vi.stubGlobal("fetch", async (address: string) => {
    asked.push(address);
    return Response.json({ suggestions: [{ text, kind: "tag", clips: 2 }] });
  });
});
afterEach(() => {
  render(null, document.body);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const show = (where: string | null) =>
  render(h(Suggestions, { where, onAsk: () => undefined }), document.body);
const shown = () => [...document.querySelectorAll("button")].map((button) => button.textContent);

it("stay where the library changed until there are others, and go where others are asked for", async () => {
  text = "rain";
  show(null);
  await vi.advanceTimersByTimeAsync(1000);
  expect(shown()).toEqual(["rain"]);
  text = "wind";
  libraryVersion.value++;
  await vi.advanceTimersByTimeAsync(100);
  expect([shown(), asked.length]).toEqual([["rain"], 1]);
  await vi.advanceTimersByTimeAsync(1000);
  expect([shown(), asked.length]).toEqual([["wind"], 2]);
  show('tag = "Dog"');
  await vi.advanceTimersByTimeAsync(100);
  expect(shown()).toEqual([]);
});
