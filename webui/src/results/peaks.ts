/** Waveforms of clips in few numbers: asked for in batches, kept for the visit. */
import { type Signal, signal } from "@preact/signals";
import { type ClipPeaks, peaksOf } from "../api/service";
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
    const missing = new Set(ids);
    for (const one of (await peaksOf(ids, BUCKETS, true)).peaks) {
      missing.delete(one.clip_id);
      fill(one);
    }
    long.push(...missing);
    void fetchLong();
  } catch {
    forget(ids);
  }
}

function fill(one: ClipPeaks): void {
  const waiting = known.get(one.clip_id);
  if (waiting) waiting.value = shapeOf(one);
}

/** They are drawn as a flat line, and asked for again when the row comes back. */
function forget(ids: readonly number[]): void {
  for (const id of ids) known.delete(id);
}

/** Long recordings whose waveforms the service has to make: one after the other, the latest first. */
const long: number[] = [];
let reading = false;

async function fetchLong(): Promise<void> {
  if (reading) return;
  reading = true;
  for (let id = long.pop(); id !== undefined; id = long.pop()) {
    try {
      for (const one of (await peaksOf([id], BUCKETS, false)).peaks) fill(one);
    } catch {
      forget([id]);
    }
  }
  reading = false;
}
