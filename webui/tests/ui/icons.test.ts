import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../src/${path}`, import.meta.url), "utf8");
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name).sort();

describe("icons", () => {
  it("have a picture each in the style sheet, and no picture is without a name", () => {
    const names = all(read("ui/icons.tsx"), /^ {2}\| "(\w+)"/gm);
    expect(names).toContain("play");
    expect(all(read("styles/icons.css"), /^\.icon-(\w+) \{/gm)).toEqual(names);
  });
});
