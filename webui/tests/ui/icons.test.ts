import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../src/${path}`, import.meta.url), "utf8");
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);

describe("icons", () => {
  it("are shown by their names: each has its place in the one picture", () => {
    const drawn = all(read("styles/icons.svg"), /<path id="(\w+)"/g);
    const css = read("styles/icons.css");
    expect(drawn).toContain("play");
    expect(all(read("ui/icons.tsx"), /^ {2}\| "(\w+)"/gm)).toEqual(drawn);
    expect(
      [...css.matchAll(/^\.icon-(\w+) \{\n {2}--icon: (\d+);/gm)].map(([, name, at]) => [name, at]),
    ).toEqual(drawn.map((name, at) => [name, String(at)]));
    expect(css).toContain(`* 100% / ${drawn.length - 1})`);
    expect(css).toContain(`calc(${drawn.length} * 100%)`);
    const places = all(read("styles/icons.svg"), /transform="translate\((\d+)\)/g);
    expect(places).toEqual(drawn.map((_, at) => String(24 * at)));
  });
});
