/** What a row draws of a sound, as the paths of an SVG: what matches, and the rest. */
import type { ClipPeaks } from "../api/service";
import type { Passage } from "../question/model";

/** What is known of a sound's shape. A library's worth of it stays in the browser, so a sample is one byte: a 127th of the loudest. */
export interface Shape extends Omit<ClipPeaks, "low" | "high"> {
  low: Int8Array;
  high: Int8Array;
}

const LOUDEST = 127;
/** Sounds are scaled to their peak, but those with a lower peak than this only as far as this. */
const QUIET = 0.02;

export function shapeOf({ low, high, ...rest }: ClipPeaks): Shape {
  const scale = LOUDEST / Math.max(QUIET, ...high, ...low.map((value) => -value));
  const samples = Int8Array.from([...low, ...high], (value) => Math.round(value * scale));
  return { ...rest, low: samples.subarray(0, low.length), high: samples.subarray(low.length) };
}

export interface Size {
  width: number;
  height: number;
}

/** The paths outside and inside the matching passage. */
export type Paths = [quiet: string, loud: string];

const BAR_PX = 2;
const GAP_PX = 1;
const SHORTEST_NOTE_PX = 2;
/** Semitones that a piano roll shows at least: two notes a tone apart do not look like a leap. */
const LEAST_SPAN = 12;

/** The waveform of a sound, or the piano roll of a tune. */
export function paths(known: Shape, match: Passage | null, size: Size): Paths {
  return known.notes ? roll(known.notes, known.end_s, match, size) : bars(known, match, size);
}

const within = (at_s: number, match: Passage | null): boolean =>
  match !== null && at_s >= match.start_s && at_s <= match.end_s;

/** A waveform of bars. */
export function bars(waveform: Shape, match: Passage | null, { width, height }: Size): Paths {
  const { low, high, end_s } = waveform;
  const count = Math.floor(width / (BAR_PX + GAP_PX));
  const drawn: Paths = ["", ""];
  for (let bar = 0; bar < count; bar++) {
    const first = Math.floor((bar / count) * high.length);
    const last = Math.max(first + 1, Math.floor(((bar + 1) / count) * high.length));
    let top = 0;
    let bottom = 0;
    for (let at = first; at < last; at++) {
      top = Math.max(top, high[at] ?? 0);
      bottom = Math.min(bottom, low[at] ?? 0);
    }
    const up = Math.max(0.5, (top / LOUDEST) * (height / 2 - 1));
    const down = Math.max(0.5, (-bottom / LOUDEST) * (height / 2 - 1));
    const path = `M${bar * (BAR_PX + GAP_PX) + BAR_PX / 2} ${(height / 2 - up).toFixed(1)}v${(up + down).toFixed(1)}`;
    drawn[within(((bar + 0.5) / count) * end_s, match) && end_s > 0 ? 1 : 0] += path;
  }
  return drawn;
}

/** A piano roll: a line for each note, high ones above; notes that begin in the match are drawn as matching. */
export function roll(
  notes: NonNullable<Shape["notes"]>,
  end_s: number,
  match: Passage | null,
  { width, height }: Size,
): Paths {
  const drawn: Paths = ["", ""];
  const lowest = Math.min(...notes.pitch);
  const span = Math.max(LEAST_SPAN, Math.max(...notes.pitch) - lowest);
  const empty = (span - (Math.max(...notes.pitch) - lowest)) / 2;
  notes.pitch.forEach((pitch, place) => {
    const start_s = notes.start_s[place] ?? 0;
    const x = (start_s / end_s) * width;
    const long = Math.max(SHORTEST_NOTE_PX, (((notes.end_s[place] ?? 0) - start_s) / end_s) * width - GAP_PX);
    const y = height - BAR_PX - ((pitch - lowest + empty) / span) * (height - 2 * BAR_PX);
    drawn[within(start_s, match) ? 1 : 0] += `M${x.toFixed(1)} ${y.toFixed(1)}h${long.toFixed(1)}`;
  });
  return drawn;
}
