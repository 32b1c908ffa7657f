/** Waveforms of clips in few numbers: asked for in batches, kept for the visit. */
import { type Signal, signal } from "@preact/signals";
import { peaksOf } from "../api/service";
import { type Shape, shapeOf } from "./shapes";

export const BUCKETS = 160;
const MOST_AT_ONCE = 12;
const KEPT = 3000;

export type Known = Shape | "waiting";

const known = new Map<number, Signal<Known>>();
let wanted: number[] = [];
let scheduled = false;

/** The waveform of a clip, as a signal that is filled once the service answered. */
export function peaks(clipId: number): Signal<Known> {
  const found = known.get(clipId);
  if (found) return found;
  const made = signal<Known>("waiting");
  known.set(clipId, made);
  wanted.push(clipId);
  if (!scheduled) {
    scheduled = true;
    setTimeout(fetchWanted, 0);
  }
  return made;
}

function fetchWanted(): void {
  scheduled = false;
  // the latest first: who scrolls fast looks at what comes now
  const now = wanted.slice(-8 * MOST_AT_ONCE);
  for (const dropped of wanted.slice(0, -8 * MOST_AT_ONCE)) known.delete(dropped);
  wanted = [];
  for (let at = 0; at < now.length; at += MOST_AT_ONCE) void fetchSome(now.slice(at, at + MOST_AT_ONCE));
  if (known.size > KEPT) for (const old of [...known.keys()].slice(0, KEPT / 2)) known.delete(old);
}

async function fetchSome(ids: number[]): Promise<void> {
  try {
    for (const one of (await peaksOf(ids, BUCKETS)).peaks) {
      const waiting = known.get(one.clip_id);
      if (waiting) waiting.value = shapeOf(one);
    }
  } catch {
    // drawn as a flat line, and asked for again when the row comes back
    for (const id of ids) known.delete(id);
  }
}
