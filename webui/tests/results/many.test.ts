// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { NOTHING } from "../../src/question/model";
import { answered } from "../../src/results/answers";
import {
  selectAll,
  selected,
  selecting,
  selectListed,
  selectNone,
  selectRange,
  toggleSelected,
  toggleSelecting,
} from "../../src/results/many";
import { paths, playlist, table } from "../../src/results/manyfiles";
import { tagsOf } from "../../src/results/manytags";
import { fileName, isTitledAsFile, type Row } from "../../src/results/rows";

const row = (clip_id: number, more: Partial<Row> = {}): Row => ({
  rank: 1,
  clip_id,
  title: `sound ${clip_id}`,
  path: `things/sound ${clip_id}.wav`,
  match: null,
  score: null,
  probability: null,
  own_tags: [],
  tags: [],
  via: [],
  same: null,
  duration_s: 1.5,
  missing: false,
  track: 0,
  notes: false,
  remark: "",
  ...more,
});

beforeEach(() => {
  answered.value = {
    question: NOTHING,
    rows: [1, 2, 3, 4].map((id) => row(id)),
    sorted: "",
    total: 4,
    next: null,
    verdict: null,
    reason: "",
    nearest: [],
    readAs: "",
    language: "",
    gone: [],
    warnings: [],
    took_ms: 1,
    facets: null,
    likely: null,
    refusal: null,
  };
  selectNone();
});

describe("rows that are selected", () => {
  it("are pressed one by one while that is switched on, and none is afterwards", () => {
    toggleSelecting();
    toggleSelected(1, -1);
    toggleSelected(3, -1);
    expect([selecting.value, [...selected.value]]).toEqual([true, [2, 4]]);
    toggleSelecting();
    expect([selecting.value, selected.value.size]).toEqual([false, 0]);
  });

  it("are a range, whichever end it was begun at", () => {
    selectRange(2, 1);
    expect([...selected.value]).toEqual([2, 3]);
    selectRange(0, 99);
    expect([...selected.value]).toEqual([1, 2, 3, 4]);
  });

  it("are one more or one less; the row that was chosen before is one of them", () => {
    toggleSelected(2, 0);
    expect([...selected.value]).toEqual([1, 3]);
    toggleSelected(2, 2);
    expect([...selected.value]).toEqual([1]);
    selectNone();
    toggleSelected(1, -1);
    expect([...selected.value]).toEqual([2]);
    toggleSelected(99, 1);
    expect([...selected.value]).toEqual([2]);
  });

  it("are all that are listed, and none that is not any more", () => {
    selectAll();
    expect(selected.value.size).toBe(4);
    if (answered.value) answered.value = { ...answered.value, rows: answered.value.rows.slice(1, 3) };
    selectListed();
    expect([...selected.value]).toEqual([2, 3]);
  });
});

describe("what is written of them", () => {
  it("is a path for each, with its sound track", () => {
    expect(paths([row(1), row(2, { path: "film.mkv", track: 1 })])).toBe("things/sound 1.wav\nfilm.mkv@1");
  });

  it("is a playlist; no title breaks a line of it", () => {
    const strange = row(2, { title: "two\nlines", duration_s: null });
    expect(playlist([row(1), strange], "http://a.example/")).toBe(
      "#EXTM3U\n#EXTINF:1.5,sound 1\nhttp://a.example/api/v1/clips/1/audio\n" +
        "#EXTINF:-1,two lines\nhttp://a.example/api/v1/clips/2/audio\n",
    );
  });

  it("is a table, whose texts may hold what divides its cells", () => {
    const hit = row(7, {
      rank: 3,
      title: 'a "b", c',
      score: 0.5,
      probability: 0.25,
      match: { start_s: 1, end_s: 2.5, segment_id: 9 },
      own_tags: ["hero", "wet"],
      remark: "wind on the mic",
    });
    expect(table([hit, row(8)])).toBe(
      "rank,score,probability,clip_id,segment_id,start_s,end_s,title,path,track,own_tags,remark\r\n" +
        '3,0.500000,0.2500,7,9,1.000,2.500,"a ""b"", c",things/sound 7.wav,0,"hero, wet",wind on the mic\r\n' +
        ",,,8,,,,sound 8,things/sound 8.wav,0,,\r\n",
    );
  });
});

it("tags are typed with commas between them, each once", () => {
  expect(tagsOf(" hero,, wet roof , hero")).toEqual(["hero", "wet roof"]);
  expect(tagsOf(" , ")).toEqual([]);
});

it("a title that is the file's name is not said twice", () => {
  expect(fileName(row(1))).toBe("sound 1.wav");
  expect(isTitledAsFile(row(1))).toBe(true);
  expect(isTitledAsFile(row(1, { title: "sound 1.wav" }))).toBe(true);
  expect(isTitledAsFile(row(1, { title: "Rain on tin" }))).toBe(false);
});
