// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";
import { NOTHING } from "../../src/question/model";
import { NEWEST_FIRST } from "../../src/question/order";
import { areTitled, COLUMNS, columnsShown, formatOf, noteOf, toggleColumn } from "../../src/results/columns";
import { type Answered, answered } from "../../src/results/answers";
import { columnFacts } from "../../src/results/columnfacts";
import { inOrder, isOrdering, keepOrder } from "../../src/results/ordering";
import { type Row, rowOfClip } from "../../src/results/rows";
import { go } from "../../src/route";
import { waitFor } from "../waiting";

const clip = (id: number, path = `things/sound ${id}.wav`) => ({
  id,
  root_id: 1,
  path,
  title: `sound ${id}`,
  duration_s: 10 - id,
  size_bytes: 1,
  added: 0,
  silent: false,
  missing: false,
  metadata: {},
  own_tags: [],
  tags: [],
  track: 0,
  tracks: 1,
  warnings: [],
  notes: false,
  remark: "",
});
const hit = (id: number, probability: number | null): Row => ({ ...rowOfClip(clip(id), id), probability });
const ids = (rows: readonly Row[]) => rows.map((row) => row.clip_id);
const named = (name: string) => COLUMNS.find((column) => column.name === name);

describe("columns", () => {
  it("say what was measured, and nothing of what means nothing", () => {
    const facts = {
      sample_rate_hz: 44_100,
      channels: 2,
      loudness: -18.25,
      pitch_hz: 220,
      brightness: "dark",
    };
    const known = { clip_id: 1, duration_s: 2, measured: true, facts };
    const text = (name: string) => named(name)?.text(known, rowOfClip(clip(1, "a.b/c.FLAC")));
    expect(COLUMNS.map(({ name }) => text(name))).toEqual([
      "9.0 s", "44.1 kHz", "stereo", "FLAC", "−18.3 LUFS", "A3 220 Hz", "", "", "dark",
    ]); // prettier-ignore
    expect(named("loudness")?.text(null, rowOfClip(clip(1)))).toBe("");
  });

  it("name notes as musicians do", () => {
    expect([440, 27.5, 261.63, 466.16].map(noteOf)).toEqual(["A4", "A0", "C4", "A#4"]);
    expect(formatOf({ path: "folder.d/without" })).toBe("");
  });

  it("have titles once they say more than how long sounds are", () => {
    expect(areTitled()).toBe(false);
    toggleColumn("key");
    expect(areTitled()).toBe(true);
    expect(columnsShown().map(({ name }) => name)).toEqual(["length", "key"]);
    toggleColumn("key");
    expect(areTitled()).toBe(false);
  });

  it("show by what sounds are sorted, as long as they are", () => {
    go({ order: "-loudness" });
    expect(columnsShown().map(({ name }) => name)).toEqual(["length", "loudness"]);
    go({ order: NEWEST_FIRST, question: { ...NOTHING, draft: "rain" }, by: "centroid_hz" });
    expect(columnsShown().map(({ name }) => name)).toEqual(["length", "brightness"]);
    go({ question: NOTHING, by: "" });
    expect(areTitled()).toBe(false);
  });
});

describe("hits in the order of a column", () => {
  const rows = [hit(1, 0.9), hit(2, 0.85), hit(3, null), hit(4, 0.7), hit(5, 0.95), hit(6, 0.1)];

  it("stay apart by how sure they are, and never rise above what ranks before them", () => {
    expect(ids(inOrder(rows, "duration_s"))).toEqual([3, 2, 1, 5, 4, 6]);
    expect(ids(inOrder(rows, "-duration_s"))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(ids(inOrder(inOrder(rows, "duration_s"), ""))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("come last where nothing was measured, whichever way", async () => {
    const facts = [1, 2].map((id) => ({
      clip_id: id,
      duration_s: 1,
      measured: true,
      facts: { loudness: -id },
    }));
    vi.stubGlobal("fetch", async () => Response.json({ facts }));
    for (const row of rows) columnFacts(row.clip_id);
    await waitFor(() => expect(columnFacts(2).value).not.toBeNull());
    expect(ids(inOrder(rows, "loudness"))).toEqual([2, 1, 3, 4, 5, 6]);
    expect(ids(inOrder(rows, "-loudness"))).toEqual([1, 2, 3, 4, 5, 6]);
    vi.unstubAllGlobals();
  });
});

describe("an answer that is sorted by what nobody knows yet", () => {
  const rows = [hit(11, 0.9), hit(12, 0.9), hit(13, 0.9)].map((row) => ({ ...row, duration_s: null }));
  const idsOf = (address: string) => new URLSearchParams(address.split("?")[1]).getAll("clip_id").map(Number);
  const shown = () => [ids(answered.value?.rows ?? []), answered.value?.sorted, isOrdering.value];

  it("stays as it is, and says so, until all of it is known or cannot be had", async () => {
    const held: { ids: number[]; answer: (facts: Response) => void }[] = [];
    vi.stubGlobal("fetch", (address: string) => {
      return new Promise((answer) => held.push({ ids: idsOf(address), answer }));
    });
    const answerFor = (some: readonly number[]) => {
      const facts = some.map((id) => ({ clip_id: id, duration_s: 100 - id, measured: true, facts: {} }));
      held.shift()?.answer(Response.json({ facts }));
    };
    answered.value = { rows, verdict: "good", sorted: "" } as unknown as Answered;
    keepOrder();
    expect(shown()).toEqual([[11, 12, 13], "", false]);
    columnFacts(11); // its row is in sight
    await waitFor(() => expect(held).toHaveLength(1));
    go({ by: "duration_s" });
    await waitFor(() => expect(held).toHaveLength(2));
    expect(held.map((one) => one.ids)).toEqual([[11], [12, 13]]);
    answerFor([11]);
    await waitFor(() => expect(columnFacts(11).value).not.toBeNull());
    expect(shown()).toEqual([[11, 12, 13], "", true]);
    answerFor([12, 13]);
    await waitFor(() => expect(isOrdering.value).toBe(false));
    expect(shown()).toEqual([[13, 12, 11], "duration_s", false]);
    go({ by: "title" });
    expect(shown()).toEqual([[11, 12, 13], "title", false]);

    answered.value = {
      rows: [...rows, { ...hit(14, 0.9), duration_s: null }],
      verdict: "good",
      sorted: "",
    } as unknown as Answered;
    go({ by: "duration_s" });
    await waitFor(() => expect(held).toHaveLength(1));
    held.shift()?.answer(new Response("", { status: 500 }));
    await waitFor(() => expect(held).toHaveLength(1)); // the sorted list is another one: asked for once more
    held.shift()?.answer(new Response("", { status: 500 }));
    await waitFor(() => expect(shown()).toEqual([[13, 12, 11, 14], "duration_s", false]));
    expect(held).toEqual([]);
    vi.unstubAllGlobals();
  });
});
