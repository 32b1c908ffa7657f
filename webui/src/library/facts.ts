/** What the page knows of the library as a whole. */
import { signal } from "@preact/signals";
import { reachability } from "../api/client";
import { newestOf } from "../api/newest";
import { ready, type Ready } from "../api/service";
import { listenToOthers, signalOthers } from "../ui/remembered";

export const facts = signal<Ready | null>(null);
/** Counts up when the library changed, and everything that was fetched from it should be fetched again. */
export const libraryVersion = signal(0);

export const hums = (): boolean => facts.value?.melody ?? false;
export const isEmptyLibrary = (): boolean => facts.value?.clips === 0;

const show = newestOf<Ready>((learnt) => (facts.value = learnt));

export async function learnLibrary(): Promise<void> {
  try {
    await show(ready);
  } catch {
    // a service that is gone or locked has its own screen, which retries
  }
}

/** The library changed: fetch its facts, and search again. */
export async function libraryChanged(): Promise<void> {
  await learnLibrary();
  libraryVersion.value++;
}

/** The service's process that wrote sees its changes at once; its other processes do within half a second. */
const TAKEN_UP_MS = 1000;

/** The library was written to: refresh the page now, and again when all processes of the service see the change. */
export async function libraryWritten(refresh: () => Promise<void> = libraryChanged): Promise<void> {
  setTimeout(() => void refresh(), TAKEN_UP_MS);
  await refresh();
}

const KEY = "soundalike.library";

/** The library was changed on this page: refresh it in every tab of this browser. */
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
