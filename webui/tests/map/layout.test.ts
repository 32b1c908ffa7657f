import { describe, expect, it } from "vitest";
import type { ClipMap } from "../../src/api/service";
import { isSame, layoutOf, Nearest, NO_GROUP, regionPolygon, regionText } from "../../src/map/layout";

const MAP: ClipMap = {
  fitted: 3,
  clip_ids: [7, 8, 9],
  x: [10, 20, 30],
  y: [5, 0, 10],
  group: [0, -1, 1],
  groups: ["Dog", "Rain"],
  wheres: ['tag = "Dog"', 'tag = "Rain"'],
};

describe("the layout of a map", () => {
  it("fills most of [-1, 1] along its longer side, by one scale for both", () => {
    expect([...layoutOf(MAP).xy].map((one) => Number(one.toFixed(3)))).toEqual([
      -0.95, 0, 0, -0.475, 0.95, 0.475,
    ]);
  });

  it("tells points without a group apart", () => {
    expect([...layoutOf(MAP).group]).toEqual([0, NO_GROUP, 1]);
  });

  it("of one point, or of none, has numbers only", () => {
    const alone = layoutOf({ ...MAP, clip_ids: [7], x: [3], y: [4], group: [0] });
    expect([...alone.xy]).toEqual([0, 0]);
    expect(layoutOf({ ...MAP, clip_ids: [], x: [], y: [], group: [] }).scale).toBeGreaterThan(0);
  });
});

it("a layout is the same as another of the same points, and as none that differs in one of them", () => {
  const layout = layoutOf(MAP);
  expect(isSame(layout, layoutOf({ ...MAP, fitted: 4 }))).toBe(true);
  const others = [
    { clip_ids: [7, 8, 6] },
    { x: [10, 21, 30] },
    { group: [0, 1, 1] },
    { groups: ["Dog", "Cat"] },
  ];
  for (const other of others) expect(isSame(layout, layoutOf({ ...MAP, ...other }))).toBe(false);
});

describe("a region", () => {
  const layout = layoutOf(MAP);

  it("is written in the service's coordinates, and read back", () => {
    const polygon = regionPolygon(layout, "10,0 20,10 30,0");
    expect(polygon.map(([x, y]) => [x.toFixed(3), y.toFixed(3)])).toEqual([
      ["-0.950", "-0.475"],
      ["0.000", "0.475"],
      ["0.950", "-0.475"],
    ]);
    expect(regionText(layout, polygon)).toBe("10.0000,0.0000 20.0000,10.0000 30.0000,0.0000");
  });

  it.each(["", "1,2", "1,2 3,4", "1,2 3,4 5", "1,2 3,4 5,x", "1,2 3,4 5,6,7"])("%s is none", (written) =>
    expect(regionPolygon(layout, written)).toEqual([]),
  );
});

describe("the nearest point", () => {
  it("is the one that a comparison with all finds", () => {
    const xy = Float32Array.from({ length: 2000 }, (_, at) => Math.sin(at * 12.9898) * 0.95);
    const nearest = new Nearest(xy);
    const byComparison = (x: number, y: number, radius: number): number => {
      const distances = Array.from({ length: xy.length / 2 }, (_, at) =>
        Math.hypot((xy[2 * at] ?? 0) - x, (xy[2 * at + 1] ?? 0) - y),
      );
      const closest = Math.min(...distances);
      return closest <= radius ? distances.indexOf(closest) : -1;
    };
    for (let at = 0; at < 200; at++) {
      const [x, y, radius] = [Math.cos(at), Math.sin(3 * at), 0.002 * at];
      expect(nearest.find(x, y, radius)).toBe(byComparison(x, y, radius));
    }
  });

  it("is none beyond the radius", () => {
    const nearest = new Nearest(Float32Array.from([0, 0]));
    expect(nearest.find(0.2, 0, 0.1)).toBe(-1);
    expect(nearest.find(0.05, 0, 0.1)).toBe(0);
  });
});
