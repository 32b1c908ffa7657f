import { expect, describe, it } from "vitest";
import { labelsOf, placeLabels } from "../../src/map/labels";

const layout = (points: readonly (readonly [number, number, number])[]) => ({
  xy: Float32Array.from(points.flatMap(([x, y]) => [x, y])),
  group: Uint8Array.from(points, ([, , group]) => group),
  groups: ["rain", "dogs", "few"],
});

describe("Names of groups on the map", () => {
  const found = labelsOf(
    layout([
      [-0.5, -0.5, 0],
      [-0.49, -0.5, 0],
      [-0.48, -0.5, 0],
      [0.9, 0.9, 0],
      [0.3, 0.3, 1],
      [0.31, 0.3, 1],
      [0.32, 0.3, 1],
      [0.33, 0.3, 1],
      [0.1, -0.9, 2],
    ]),
  );

  it("stand where most of a group lies, the largest first, and not of a few points", () => {
    expect(found.map(({ group }) => group)).toEqual([1, 0]);
    expect(found[0]?.x).toBeCloseTo(0.315);
    expect(found[1]?.x).toBeCloseTo(-0.49);
  });

  it("do not lie over each other", () => {
    const elements = found.map(() => ({ style: {}, textContent: "dogs" }) as unknown as HTMLElement);
    placeLabels(elements, found, () => [10, 10]);
    expect(elements.map(({ style }) => style.visibility)).toEqual(["visible", "hidden"]);
    expect(elements[0]?.style.transform).toContain("translate(10px, 32px)");
    placeLabels(elements, found, () => [10, 100]);
    expect(elements[0]?.style.transform).toContain("translate(10px, 78px)");
    placeLabels(elements, found, (x, y) => [1000 * x, 1000 * y]);
    expect(elements.map(({ style }) => style.visibility)).toEqual(["visible", "visible"]);
  });
});
