import { expect, it } from "vitest";
import { Lasso } from "../../src/map/lasso";

it.each([0, 1, 60, 61, 119, 5000])(
  "a lasso of %i points has at most 60 corners, from first to last",
  (count) => {
    const lasso = new Lasso();
    for (let at = 0; at < count; at++) lasso.add([at, -at]);
    const corners = lasso.end();
    expect(corners.length).toBe(count <= 60 ? count : Math.ceil(count / Math.ceil(count / 60)));
    expect(corners.length).toBeLessThanOrEqual(60);
    expect(corners[0]).toEqual(count > 0 ? [0, -0] : undefined);
  },
);

it("the next lasso begins empty", () => {
  const lasso = new Lasso();
  lasso.add([1, 2]);
  lasso.end();
  expect(lasso.end()).toEqual([]);
});
