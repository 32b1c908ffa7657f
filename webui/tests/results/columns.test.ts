// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";
import { areTitled, COLUMNS, columnsShown, formatOf, noteOf, toggleColumn } from "../../src/results/columns";
import { columnFacts } from "../../src/results/columnfacts";
import { inOrder } from "../../src/results/ordering";
import { type Row, rowOfClip } from "../../src/results/rows";

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
    await vi.waitFor(() => expect(columnFacts(2).value).not.toBeNull());
    expect(ids(inOrder(rows, "loudness"))).toEqual([2, 1, 3, 4, 5, 6]);
    expect(ids(inOrder(rows, "-loudness"))).toEqual([1, 2, 3, 4, 5, 6]);
    vi.unstubAllGlobals();
  });
});
