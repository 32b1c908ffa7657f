import { expect, it } from "vitest";
import { NEWEST_FIRST, ORDERS, readOrder } from "../../src/question/order";

it("reads every order that can be chosen, and takes the newest first for all else", () => {
  for (const [order] of ORDERS) expect(readOrder(order)).toBe(order);
  for (const written of [null, "", "size", "Title"]) expect(readOrder(written)).toBe(NEWEST_FIRST);
});
