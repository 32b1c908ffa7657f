/** A row of the list: a hit, or a clip of the library that nobody asked about. */
import type { Clip, Hit, Tag } from "../api/service";
import { t } from "../messages/t";
import type { Passage } from "../question/model";

export interface Row {
  /** Its place in the whole answer, from 1, however it is sorted. */
  rank: number;
  clip_id: number;
  title: string;
  path: string;
  /** The matching passage; null for a clip as such. */
  match: (Passage & { segment_id: number }) | null;
  score: number | null;
  probability: number | null;
  own_tags: readonly string[];
  tags: readonly Tag[];
  via: Hit["via"];
  /** How it is the same as the question's sound; null when it is only similar. */
  same: NonNullable<Hit["same"]> | null;
  duration_s: number | null;
  missing: boolean;
  /** Its sound track in the file, counted from 0. */
  track: number;
  /** Whether the file holds notes, not sound: what is like it is the same tune. */
  notes: boolean;
  /** What a person wrote of it. */
  remark: string;
}

const SHOWN_FROM = 0.1;

/** A path as the command line takes it too: `film.mkv@1` is the second sound track. */
export const trackPath = ({ path, track }: Pick<Row, "path" | "track">): string =>
  track > 0 ? `${path}@${track}` : path;

export const fileName = ({ path }: Pick<Row, "path">): string => path.slice(path.lastIndexOf("/") + 1);

/** Whether the title says no more than the name of the file. */
export const isTitledAsFile = (row: Pick<Row, "path" | "title">): boolean =>
  fileName(row) === row.title || fileName(row).replace(/\.[^.]+$/, "") === row.title;

/** The label of the button that searches for more like a row. */
export const likeIt = (row: Pick<Row, "notes">): string => t(row.notes ? "The same tune" : "More like this");

/** Whether it is from a varied sample: such a row was not compared with anything, so its score means nothing. */
export const isSample = ({ via }: Pick<Row, "via">): boolean => via.some(({ part }) => part === "variety");

export function rowOfHit(hit: Hit, rank: number): Row {
  return {
    rank,
    clip_id: hit.clip_id,
    title: hit.title,
    path: hit.path,
    match: { start_s: hit.start_s, end_s: hit.end_s, segment_id: hit.segment_id },
    score: isSample(hit) ? null : hit.score,
    probability: hit.probability,
    own_tags: hit.own_tags,
    tags: hit.tags,
    via: hit.via,
    same: hit.same ?? null,
    duration_s: null,
    missing: false,
    track: hit.track,
    notes: hit.notes,
    remark: hit.remark,
  };
}

export function rowOfClip(clip: Clip, rank = 1): Row {
  return {
    rank,
    clip_id: clip.id,
    title: clip.title,
    path: clip.path,
    match: null,
    score: null,
    probability: null,
    own_tags: clip.own_tags,
    tags: clip.tags,
    via: [],
    same: null,
    duration_s: clip.duration_s,
    missing: clip.missing,
    track: clip.track,
    notes: clip.notes,
    remark: clip.remark,
  };
}

/** The tags to show: those that people set, then those that the encoder hears, most probable first. */
export function shownTags(row: Pick<Row, "own_tags" | "tags">, most: number): string[] {
  const likely = row.tags.filter((tag) => tag.probability >= SHOWN_FROM).map((tag) => tag.name);
  return [...new Set([...row.own_tags, ...likely])].slice(0, most);
}
