/** What was measured of the sounds that are listed: asked for in batches, kept until the library changes. */
import { type Signal, signal } from "@preact/signals";
import { type ClipFacts, factsOf } from "../api/service";
import { libraryVersion } from "../library/facts";

/** Null until the service said it. */
export type Known = ClipFacts | null;

const MOST_AT_ONCE = 100;

const known = new Map<number, Signal<Known>>();
const wanted = new Set<number>();
/** The clips whose facts are to be fetched, or being fetched. */
const coming = new Set<number>();
let scheduled = false;
/** Counts up as facts come, or fail to. */
export const factsVersion = signal(0);

/** A clip's facts, as a signal that is filled when the service has answered. */
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

/** A clip's facts as far as they are fetched; fetches nothing. */
export const factsByNow = (clipId: number): Known => known.get(clipId)?.peek() ?? null;

/** Whether its facts are still to come. */
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
