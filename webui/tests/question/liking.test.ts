import { describe, expect, it } from "vitest";
import { changed, PLAIN, readLiking, weighed, writeLiking } from "../../src/question/liking";
import { bodyOf, type Part } from "../../src/question/model";
import { readPart, writePart } from "../../src/question/url";

const TIMBRE = { ...PLAIN, kind: 0, timbre: 1 };
const PARTS: [string, Part][] = [
  [
    "clip:17@1.2-3.4~timbre=1,darker",
    {
      thing: { kind: "clip", id: 17, passage: { start_s: 1.2, end_s: 3.4 } },
      weight: 1,
      liking: { aspects: TIMBRE, changes: ["darker"] },
    },
  ],
  [
    "2*segment:9~shorter,higher",
    { thing: { kind: "segment", id: 9 }, weight: 2, liking: { changes: ["shorter", "higher"] } },
  ],
  [
    "audio:0123456789ab#1x0.1~timbre=1",
    {
      thing: { kind: "audio", file: "0123456789ab", played: { track: 1, speed: 0.1 } },
      weight: 1,
      liking: { aspects: TIMBRE },
    },
  ],
  ["text:a~darker", { thing: { kind: "text", text: "a~darker" }, weight: 1 }],
];

describe("in which way a sound is meant", () => {
  it.each(PARTS)("%s is read and written alike", (written, part) => {
    expect(readPart(written)).toEqual(part);
    expect(writePart(part)).toBe(written);
  });

  it.each(["clip:17~", "clip:17~taste=1", "clip:17~kind=0", "clip:17~timbre=1001", "clip:17~darker,darker"])(
    "%s is no part",
    (written) => expect(readPart(written)).toBeNull(),
  );

  it("is sent with what is wanted, and not with what is not", () => {
    const part = readPart("clip:17~timbre=1,darker");
    if (!part) throw new Error("unread");
    const field = () => "";
    expect(bodyOf(part, field)).toEqual({ clip_id: 17, weight: 1, aspects: TIMBRE, changes: ["darker"] });
    expect(bodyOf({ ...part, weight: -1 }, field)).toEqual({ clip_id: 17, weight: -1 });
  });
});

it("the kind alone is the plain question", () => {
  const timbre = weighed({}, "timbre", 0.5);
  expect(timbre).toEqual({ aspects: { ...PLAIN, timbre: 0.5 } });
  expect(weighed(timbre, "timbre", 0)).toEqual({});
  expect(weighed({}, "kind", 0)).toEqual({});
});

it("a change takes its opposite away", () => {
  const darker = changed({}, "darker");
  expect(changed(darker, "brighter")).toEqual({ changes: ["brighter"] });
  expect(changed(darker, "darker")).toEqual({});
  expect(readLiking(writeLiking(changed(darker, "drier")))).toEqual({ changes: ["darker", "drier"] });
});
