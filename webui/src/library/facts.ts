/** What the page knows of the library as a whole. */
import { signal } from "@preact/signals";
import { reachability } from "../api/client";
import { newestOf } from "../api/newest";
import { ready, type Ready } from "../api/service";
import { listenToOthers, signalOthers } from "../ui/remembered";

export const facts = signal<Ready | null>(null);
/** Counts up when the library changed and whatever was asked of it should be asked again. */
export const libraryVersion = signal(0);

export const hums = (): boolean => facts.value?.melody ?? false;
export const isEmptyLibrary = (): boolean => facts.value?.clips === 0;

const show = newestOf<Ready>((learnt) => (facts.value = learnt));

export async function learnLibrary(): Promise<void> {
  try {
    await show(ready);
  } catch {
    // whoever is gone or locked has a screen, and asks again
  }
}

/** The library changed: learn what it is now, and ask the question again. */
export async function libraryChanged(): Promise<void> {
  await learnLibrary();
  libraryVersion.value++;
}

/** The process that wrote has taken up what it wrote; another one of the service does within half a second. */
const TAKEN_UP_MS = 1000;

/** Something was written into the library: tell the page now, and again once the service has taken it up. */
export async function libraryWritten(refresh: () => Promise<void> = libraryChanged): Promise<void> {
  setTimeout(() => void refresh(), TAKEN_UP_MS);
  await refresh();
}

const KEY = "soundalike.library";

/** Somebody changed the library on this page: what it shows in every tab of this browser is asked for again. */
export async function libraryEdited(): Promise<void> {
  signalOthers(KEY);
  await libraryWritten();
}

listenToOthers(KEY, () => void libraryWritten());

let before = reachability.peek();
reachability.subscribe((now) => {
  if (now === "ok" && before !== "ok") void libraryChanged();
  before = now;
});
