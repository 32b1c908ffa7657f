import { expect, it } from "vitest";
import { FACT_ORDERS, HIT_ORDERS, NEWEST_FIRST, ORDERS, readBy, readOrder } from "../../src/question/order";

it("reads every order that can be chosen, and takes the newest first for all else", () => {
  for (const [order] of [...ORDERS, ...FACT_ORDERS]) expect(readOrder(order)).toBe(order);
  for (const written of [null, "", "size", "Title"]) expect(readOrder(written)).toBe(NEWEST_FIRST);
});

it("reads by what hits are sorted that are equally sure, and leaves them as they are for all else", () => {
  for (const [order] of [...HIT_ORDERS, ...FACT_ORDERS]) expect(readBy(order)).toBe(order);
  for (const written of [null, "-added", "size"]) expect(readBy(written)).toBe("");
});
