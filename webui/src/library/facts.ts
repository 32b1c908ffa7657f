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
    // whoever is gone or locked has a screen, and asks again
  }
}

/** The library changed: learn what it is now, and ask the question again. */
export async function libraryChanged(): Promise<void> {
  await learnLibrary();
  libraryVersion.value++;
}

/** The service takes up what was written within half a second: what is asked at once may be of before. */
const TAKEN_UP_MS = 1000;

/** Something was written into the library: tell the page now, and again once the service has taken it up. */
export async function libraryWritten(refresh: () => Promise<void> = libraryChanged): Promise<void> {
  setTimeout(() => void refresh(), TAKEN_UP_MS);
  await refresh();
}

let before = reachability.peek();
reachability.subscribe((now) => {
  if (now === "ok" && before !== "ok") void libraryChanged();
  before = now;
});
