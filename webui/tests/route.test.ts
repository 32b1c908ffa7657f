// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { NOTHING, type Part } from "../src/question/model";
import { NEWEST_FIRST } from "../src/question/order";
import {
  addPart,
  address,
  ask,
  askOnly,
  by,
  changePart,
  go,
  order,
  question,
  removePart,
  toggleFilter,
  view,
} from "../src/route";

const part = (id: number, weight = 1): Part => ({ thing: { kind: "clip", id }, weight });
const shown = () => location.pathname + decodeURIComponent(location.search);

beforeEach(() => go({ view: "search", question: NOTHING, order: NEWEST_FIRST, by: "" }));

describe("the address", () => {
  it("is where one is: the view, the question, the order unless it is the usual one", () => {
    expect(address("search")).toBe("/");
    go({ question: { ...NOTHING, draft: "rain" }, order: "title" });
    expect(address("map")).toBe("/map?q=rain&order=title");
    go({ view: "map", question: NOTHING, by: "-loudness" });
    expect(shown()).toBe("/map?order=title&by=-loudness");
    expect([view.value, order.value, by.value]).toEqual(["map", "title", "-loudness"]);
  });

  it("has an entry in the history for each place, and none for each letter", () => {
    const before = history.length;
    ask({ draft: "r" });
    for (const draft of ["ra", "rai", "rain"]) ask({ draft }, { replace: true });
    ask({ draft: "rain" });
    expect(history.length).toBe(before + 1);
    expect(shown()).toBe("/?q=rain");
  });

  it("is below the path that a proxy put the page at", async () => {
    history.replaceState(null, "", "/sounds/map?q=wind");
    vi.resetModules();
    const below = await import("../src/route");
    const { API } = await import("../src/api/client");
    expect([API, below.view.value, below.question.value.draft]).toEqual(["/sounds/api/v1", "map", "wind"]);
    below.go({ view: "search" });
    expect(shown()).toBe("/sounds/?q=wind");
    history.replaceState(null, "", "/");
  });

  it("is read when the browser goes back", () => {
    history.pushState(null, "", "/library?q=wind&order=path");
    dispatchEvent(new PopStateEvent("popstate"));
    expect([view.value, question.value.draft, order.value]).toEqual(["library", "wind", "path"]);
  });
});

describe("a question", () => {
  it("is answered in the search view, or on the map", () => {
    go({ view: "map" });
    ask({ draft: "rain" });
    expect(view.value).toBe("map");
    go({ view: "library" });
    ask({ draft: "wind" });
    expect(view.value).toBe("search");
  });

  it("for more like a sound has nothing of the one before but its filters", () => {
    ask({ draft: "rain", parts: [part(1)], filters: ["duration_s < 6"], region: "0,0 1,0 1,1" });
    askOnly(part(7));
    expect(question.value).toEqual({ ...NOTHING, parts: [part(7)], filters: ["duration_s < 6"] });
  });

  it("gains, changes and loses parts", () => {
    addPart(part(1));
    addPart(part(2));
    changePart(1, { weight: -1 });
    expect(question.value.parts).toEqual([part(1), part(2, -1)]);
    removePart(0);
    expect(question.value.parts).toEqual([part(2, -1)]);
  });

  it("has a filter or has it not", () => {
    toggleFilter("a");
    toggleFilter("b");
    toggleFilter("a");
    expect(question.value.filters).toEqual(["b"]);
  });
});
