// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { remembered, rememberChanges, rememberedNumber, rememberedSwitch } from "../../src/ui/remembered";

beforeEach(() => localStorage.clear());

describe("what changes", () => {
  it("is remembered, and what it was at first is not written", () => {
    const names = signal(["a"]);
    rememberChanges("names", names, (now) => now.join(" "));
    expect(remembered("names")).toBeNull();
    names.value = ["a", "b"];
    expect(remembered("names")).toBe("a b");
    names.value = [];
    expect(remembered("names")).toBe("");
  });

  it("holds for this visit where the browser keeps nothing", () => {
    const on = rememberedSwitch("switch");
    const refuse = () => {
      throw new DOMException("", "SecurityError");
    };
    vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });
    on.value = true;
    expect([on.value, remembered("switch")]).toEqual([true, null]);
    vi.unstubAllGlobals();
  });
});

it("a switch and a number are as they were left, a number out of its limits is not", () => {
  rememberedSwitch("switch").value = true;
  rememberedNumber("number", 1, 0, 9).value = 5;
  expect(rememberedSwitch("switch").peek()).toBe(true);
  expect(rememberedNumber("number", 1, 0, 9).peek()).toBe(5);
  expect(rememberedNumber("number", 1, 0, 4).peek()).toBe(1);
});
