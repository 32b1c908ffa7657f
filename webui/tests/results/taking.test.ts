// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { Row } from "../../src/results/rows";
import { fileUrl, named } from "../../src/api/service";
import { exportOf, passageUrl } from "../../src/results/taking";

const match = { start_s: 1, end_s: 2, segment_id: 7 };
const row = (clip_id: number, found: Row["match"]) => ({ clip_id, match: found }) as Row;

describe("what is exported", () => {
  it("is what matched, or all of a sound that nobody asked for", () => {
    expect(exportOf([row(3, match), row(4, null)], "passages", 0.5)).toEqual({
      items: [
        { clip_id: 3, start_s: 1, end_s: 2 },
        { clip_id: 4, start_s: 0, end_s: null },
      ],
      format: "passages",
      handles_s: 0.5,
    });
  });

  it("has an address where it is one passage", () => {
    expect(passageUrl(3, match, 0.25)).toMatch(
      /\/clips\/3\/passage\.wav\?start_s=1&end_s=2&handles_s=0\.25$/,
    );
  });

  it("has an address that ends with any name, also with what is no text", () => {
    expect(named(fileUrl(3), "Tür 1?.wav")).toMatch(/\/clips\/3\/file\/T%C3%BCr%201%3F\.wav$/);
    expect(named(fileUrl(3), "🔥.wav")).toMatch(/\/%F0%9F%94%A5\.wav$/);
    expect(named(fileUrl(3), "a\udc80.wav")).toMatch(/\/a%EF%BF%BD\.wav$/);
  });
});
