import { describe, expect, it } from "vitest";
import { NOTHING, type Part, type Question } from "../../src/question/model";
import { readPart, readQuestion, writePart, writeQuestion } from "../../src/question/url";

const PASSAGE = { start_s: 1.2, end_s: 3.4 };
const PARTS: [string, Part][] = [
  ["text:rain", { thing: { kind: "text", text: "rain" }, weight: 1 }],
  ["-0.5*text:a:b*c@1-2", { thing: { kind: "text", text: "a:b*c@1-2" }, weight: -0.5 }],
  ["notes:C4 D4", { thing: { kind: "notes", notes: "C4 D4" }, weight: 1 }],
  ["2*segment:9", { thing: { kind: "segment", id: 9 }, weight: 2 }],
  ["clip:17", { thing: { kind: "clip", id: 17 }, weight: 1 }],
  ["clip:17@1.2-3.4", { thing: { kind: "clip", id: 17, passage: PASSAGE }, weight: 1 }],
  [
    "audio:0123456789ab@1.2-3.4",
    { thing: { kind: "audio", file: "0123456789ab", passage: PASSAGE }, weight: 1 },
  ],
  [
    "audio:0123456789ab#1x0.1@1.2-3.4",
    {
      thing: { kind: "audio", file: "0123456789ab", played: { track: 1, speed: 0.1 }, passage: PASSAGE },
      weight: 1,
    },
  ],
  [
    "audio:0123456789ab#0",
    { thing: { kind: "audio", file: "0123456789ab", played: { track: 0 } }, weight: 1 },
  ],
  ["-1*hum:0123456789ab", { thing: { kind: "hum", file: "0123456789ab" }, weight: -1 }],
];

describe("a part of an address", () => {
  it.each(PARTS)("%s is read and written alike", (written, part) => {
    expect(readPart(written)).toEqual(part);
    expect(writePart(part)).toBe(written);
  });

  it.each([
    "",
    "x",
    ":",
    "text:",
    "text: ",
    "notes:",
    "clip:0",
    "clip:-3",
    "clip:1.5",
    "clip:x@1-2",
    "clip:99999999999999999",
  ])("%s is none", (written) => expect(readPart(written)).toBeNull());

  it.each([
    "0*text:a",
    "1001*text:a",
    "-2000*text:a",
    "segment:",
    "audio:",
    "tune:a",
    "audio:ab#x",
    "audio:abx0",
    "audio:#1",
  ])("%s is none either", (written) => expect(readPart(written)).toBeNull());

  it("names a passage to the millisecond", () => {
    const passage = { start_s: 1 / 3, end_s: 2 };
    expect(writePart({ thing: { kind: "clip", id: 1, passage }, weight: 1 })).toBe("clip:1@0.333-2");
  });
});

describe("a question", () => {
  const question: Question = {
    draft: "rain & wind = 100 %",
    parts: PARTS.map(([, part]) => part),
    filters: ['title ~ "a&b"', "duration_s < 6"],
    region: "0,0 0,1 1,1",
    within: "collection:3",
    language: "de",
    recall: 0.99,
  };

  it("is the same after it was an address", () => {
    const address = writeQuestion(question).toString();
    expect(readQuestion(new URLSearchParams(address))).toEqual(question);
  });

  it("of nothing is an empty address, and the other way round", () => {
    expect(writeQuestion(NOTHING).toString()).toBe("");
    expect(readQuestion(new URLSearchParams())).toEqual(NOTHING);
  });

  it("leaves out what cannot be read", () => {
    const params = new URLSearchParams("part=&part=clip:0&part=text:rain&filter=&other=1&recall=1");
    expect(readQuestion(params)).toEqual({ ...NOTHING, parts: [PARTS[0]?.[1]] });
  });
});
