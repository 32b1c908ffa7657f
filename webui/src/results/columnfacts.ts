/** What was measured of the sounds that are listed: asked for in batches, kept until the library changes. */
import { type Signal, signal } from "@preact/signals";
import { type ClipFacts, factsOf } from "../api/service";
import { libraryVersion } from "../library/facts";

/** Null until the service said it. */
export type Known = ClipFacts | null;

const MOST_AT_ONCE = 100;

const known = new Map<number, Signal<Known>>();
const wanted = new Set<number>();
/** Those that are wanted, or asked for and not answered. */
const coming = new Set<number>();
let scheduled = false;
/** Counts up as facts come, or fail to. */
export const factsVersion = signal(0);

/** What is known of a clip, as a signal that is filled once the service answered. */
export function columnFacts(clipId: number): Signal<Known> {
  const found = known.get(clipId);
  if (found) return found;
  const made = signal<Known>(null);
  known.set(clipId, made);
  wanted.add(clipId);
  coming.add(clipId);
  if (!scheduled) {
    scheduled = true;
    setTimeout(fetchWanted, 0);
  }
  return made;
}

/** What is known of a clip by now; nothing is asked for. */
export const factsByNow = (clipId: number): Known => known.get(clipId)?.peek() ?? null;

/** Whether the service is to say something of it yet. */
export const isComing = (clipId: number): boolean => coming.has(clipId);

function fetchWanted(): void {
  scheduled = false;
  const now = [...wanted];
  wanted.clear();
  for (let at = 0; at < now.length; at += MOST_AT_ONCE) void fetchSome(now.slice(at, at + MOST_AT_ONCE));
}

async function fetchSome(ids: readonly number[]): Promise<void> {
  try {
    for (const one of (await factsOf(ids)).facts) {
      const waiting = known.get(one.clip_id);
      if (waiting) waiting.value = one;
    }
  } catch {
    for (const id of ids) known.delete(id); // asked for again when the row comes back
  }
  for (const id of ids) coming.delete(id);
  factsVersion.value++;
}

/** A library that changed may have measured more. */
libraryVersion.subscribe(() => {
  for (const [id, { value }] of known) if (!value?.measured) known.delete(id);
});
