// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  followTabs,
  listenToOthers,
  remembered,
  rememberChanges,
  rememberedNumber,
  rememberedOpen,
  rememberedSwitch,
  signalOthers,
} from "../../src/ui/remembered";

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

describe("another tab", () => {
  beforeAll(followTabs);
  const wrote = (key: string | null, newValue: string | null) =>
    dispatchEvent(new StorageEvent("storage", { key, newValue }));

  it("has what is kept here too, where it makes sense", () => {
    const [on, number, open] = [rememberedSwitch("a"), rememberedNumber("b", 1, 0, 9), rememberedOpen("c")];
    wrote("a", "on");
    wrote("b", "7");
    wrote("c", "on");
    expect([on.value, number.value, open.value]).toEqual([true, 7, false]);
    wrote("b", "nonsense");
    wrote("a", null);
    expect([on.value, number.value]).toEqual([false, 1]);
  });

  it("may have cleared everything, or written while this page was put away", () => {
    const on = rememberedSwitch("d", true);
    on.value = false;
    localStorage.clear();
    wrote(null, null);
    expect(on.value).toBe(true);
    localStorage.setItem("d", "off");
    dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect(on.value).toBe(false);
  });

  it("is told of each change at the service, though it be the same as the one before", () => {
    const heard = vi.fn();
    listenToOthers("e", heard);
    signalOthers("e");
    const first = remembered("e");
    signalOthers("e");
    expect([remembered("e") === first, heard.mock.calls.length]).toEqual([false, 0]);
    wrote("e", "told");
    expect(heard).toHaveBeenCalledOnce();
  });
});
