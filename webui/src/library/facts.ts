/** What the page knows of the library as a whole. */
import { signal } from "@preact/signals";
import { reachability } from "../api/client";
import { ready, type Ready } from "../api/service";

export const facts = signal<Ready | null>(null);
/** Counts up when the library changed and whatever was asked of it should be asked again. */
export const libraryVersion = signal(0);

export const hums = (): boolean => facts.value?.melody ?? false;
export const isEmptyLibrary = (): boolean => facts.value?.clips === 0;

export async function learnLibrary(): Promise<void> {
  try {
    facts.value = await ready();
  } catch {
    return; // whoever is gone or locked has a screen, and asks again
  }
  if (facts.value.jobs > 0) void import("./jobs").then(({ followJobs }) => followJobs());
}

/** The library changed: learn what it is now, and ask the question again. */
export async function libraryChanged(): Promise<void> {
  await learnLibrary();
  libraryVersion.value++;
}

let before = reachability.peek();
reachability.subscribe((now) => {
  if (now === "ok" && before !== "ok") void libraryChanged();
  before = now;
});
