// @vitest-environment happy-dom
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Row } from "../../src/results/rows";
import { ask, question } from "../../src/route";

const row = { clip_id: 1, path: "a.wav" } as Row;
let inspected: (typeof import("../../src/results/selection"))["inspected"];
const back = vi.fn();

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
  vi.stubGlobal("Audio", EventTarget);
  vi.stubGlobal("fetch", () => new Promise(() => undefined));
  ({ inspected } = await import("../../src/results/selection"));
  (await import("../../src/results/back")).closeByBack();
  vi.spyOn(history, "back").mockImplementation(back);
});
beforeEach(() => back.mockClear());

/** What a browser does when someone goes back. */
function goBack(): void {
  vi.spyOn(history, "state", "get").mockReturnValueOnce(null);
  dispatchEvent(new PopStateEvent("popstate"));
}

it("Back closes the open sound, and the question stays the same, not asked anew", () => {
  ask({ draft: "rain" });
  const asked = question.value;
  inspected.value = row;
  expect(history.state).toBe("sound");
  goBack();
  expect(inspected.value).toBeNull();
  expect(question.value).toBe(asked);
});

it("a sound that is closed takes its place in the history away", () => {
  inspected.value = row;
  inspected.value = null;
  expect(back).toHaveBeenCalledOnce();
});
