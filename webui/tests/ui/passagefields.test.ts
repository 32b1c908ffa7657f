// @vitest-environment happy-dom
import { h, render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, describe, expect, it } from "vitest";
import type { Passage } from "../../src/question/model";
import { PassageFields } from "../../src/ui/passagefields";

let chosen: Passage | null;

/** Draw the fields, of a sound whose length is known or is not yet. */
const show = (duration_s: number | null) =>
  act(() => {
    const onTyped = (typed: Passage) => (chosen = typed);
    render(h(PassageFields, { passage: chosen, duration_s, onTyped }), document.body);
  });
const fields = () => [...document.querySelectorAll("input")] as [HTMLInputElement, HTMLInputElement];
const values = () => fields().map((field) => field.value);
const type = (place: 0 | 1, value: string) =>
  act(() => {
    fields()[place].value = value;
    fields()[place].dispatchEvent(new Event("change"));
  });
const tell = (place: 0 | 1, event: string) =>
  act(() => {
    fields()[place].dispatchEvent(new Event(event));
  });
/** Type without having left the field. */
const halfType = (place: 0 | 1, value: string) =>
  act(() => {
    fields()[place].value = value;
    fields()[place].dispatchEvent(new Event("input"));
  });
const complaint = () => document.querySelector("[role=alert]")?.textContent;

beforeEach(() => {
  render(null, document.body);
  chosen = null;
});

describe("a passage in numbers", () => {
  it("is all of the sound at first, and follows what is chosen elsewhere", async () => {
    await show(4);
    expect(values()).toEqual(["0", "4"]);
    chosen = { start_s: 1, end_s: 2.004 };
    await show(4);
    expect(values()).toEqual(["1", "2"]);
  });

  it("keeps what was typed before the length was known", async () => {
    await show(null);
    await type(0, "0.5");
    expect([chosen, complaint()]).toEqual([null, ""]);
    await show(4);
    expect(values()).toEqual(["0.5", "4"]);
    expect(chosen).toEqual({ start_s: 0.5, end_s: 4 });
  });

  it("needs no length where both were typed", async () => {
    await show(null);
    await type(0, "0.5");
    await type(1, "0.9");
    expect(chosen).toEqual({ start_s: 0.5, end_s: 0.9 });
    await show(null);
    await show(4);
    expect(values()).toEqual(["0.5", "0.9"]);
  });

  it("leaves the field alone that somebody is about to type into when the length becomes known", async () => {
    await show(null);
    await type(0, "0.5");
    await tell(1, "focus");
    await show(4);
    await show(4);
    expect(values()).toEqual(["0.5", ""]);
    expect(chosen).toEqual({ start_s: 0.5, end_s: 4 });
    await type(1, "0.9");
    expect(chosen).toEqual({ start_s: 0.5, end_s: 0.9 });
    await show(4);
    await tell(1, "blur");
    expect(values()).toEqual(["0.5", "0.9"]);
  });

  it("leaves the next field alone, too, when the first is left after the length became known", async () => {
    await show(null);
    await tell(0, "focus");
    await halfType(0, "0.5");
    await tell(1, "focus");
    await show(4);
    await type(0, "0.5");
    await show(4);
    expect(values()).toEqual(["0.5", ""]);
    expect(chosen).toEqual({ start_s: 0.5, end_s: 4 });
  });

  it("writes the length, once known, where nobody typed, when the field is left", async () => {
    await show(null);
    await tell(1, "focus");
    await show(4);
    expect(values()).toEqual(["0", ""]);
    await tell(1, "blur");
    expect([values(), chosen]).toEqual([["0", "4"], null]);
  });

  it.each([
    [0, "0.", ["0.", "3"], { start_s: 0.5, end_s: 3 }],
    [1, "1", ["1", "1"], { start_s: 1, end_s: 1.5 }],
  ] as const)("keeps half a number in field %i", async (place, half, kept, whole) => {
    chosen = place === 0 ? { start_s: 2, end_s: 9 } : { start_s: 1, end_s: 9 };
    await show(null);
    await tell(place, "focus");
    await halfType(place, half);
    await show(3);
    await show(3);
    expect([fields()[place].value, complaint()]).toEqual([kept[place], ""]);
    await type(place, place === 0 ? "0.5" : "1.5");
    await show(3);
    await tell(place, "blur");
    expect(chosen).toEqual(whole);
    expect(complaint()).toBe("");
  });

  it("takes a half typed field back to what is chosen where nothing came of it", async () => {
    chosen = { start_s: 1, end_s: 9 };
    await show(null);
    await tell(0, "focus");
    await halfType(0, "1");
    await show(3);
    await tell(0, "blur");
    await show(3);
    expect([values(), chosen]).toEqual([["1", "3"], { start_s: 1, end_s: 3 }]);
  });

  it("has to end after it starts, within the sound", async () => {
    await show(4);
    await type(0, "9");
    expect([chosen, complaint()]).toEqual([null, "It has to end after it starts, within the sound."]);
    await type(0, "3");
    await type(1, "7");
    expect([chosen, complaint()]).toEqual([{ start_s: 3, end_s: 4 }, ""]);
  });
});
