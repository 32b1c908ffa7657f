/** What this browser remembers from one visit to the next, the same in all of its tabs. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { randomName } from "./randomname";

/** What is kept under a key; null where nothing is, or the browser refuses to keep things. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a private window: it holds for this visit
  }
}

/** What is called when another tab wrote under a key. */
const listeners = new Map<string, (kept: string | null) => void>();

/** From now on take what other tabs keep under a key, or learn that they signalled it. */
export const listenToOthers = (key: string, listen: (kept: string | null) => void): unknown =>
  listeners.set(key, listen);

/** Signal to the other tabs that what this key stands for has changed at the service. */
export const signalOthers = (key: string): void => remember(key, randomName());

/** Listen to the other tabs. Called once. */
export function followTabs(): void {
  const refreshAll = () => listeners.forEach((listen, key) => listen(remembered(key)));
  addEventListener("storage", ({ key, newValue }) => {
    if (key === null)
      refreshAll(); // all was cleared
    else listeners.get(key)?.(newValue);
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) refreshAll(); // whatever was written while this page was put away
  });
}

/** Remember what a signal holds whenever it changes. What it holds now is known: the first page writes nothing. */
export function rememberChanges<T>(key: string, of: ReadonlySignal<T>, written: (now: T) => string): void {
  let isFirst = true;
  of.subscribe((now) => {
    if (!isFirst) remember(key, written(now));
    isFirst = false;
  });
}

/** A signal that is as it was left, in this tab or another one; `read` takes what `written` made, or null, or anything. */
export function rememberedSignal<T>(
  key: string,
  read: (kept: string | null) => T,
  written: (now: T) => string,
): Signal<T> {
  const held = signal(read(remembered(key)));
  rememberChanges(key, held, written);
  listenToOthers(key, (kept) => (held.value = read(kept)));
  return held;
}

/** A switch that stays as it was left. */
export const rememberedSwitch = (key: string, initially = false): Signal<boolean> =>
  rememberedSignal(
    key,
    (kept) => (kept ?? (initially ? "on" : "off")) === "on",
    (now) => (now ? "on" : "off"),
  );

/** Whether a part of the page is open, as it was left; each tab has its own open. */
export function rememberedOpen(key: string): Signal<boolean> {
  const open = signal(remembered(key) === "on");
  rememberChanges(key, open, (now) => (now ? "on" : "off"));
  return open;
}

/** A number that stays as it was left, where that is still within these limits. */
export function rememberedNumber(
  key: string,
  initially: number,
  least: number,
  most: number,
): Signal<number> {
  const read = (was: string | null) => {
    const kept = Number(was ?? initially);
    return kept >= least && kept <= most ? kept : initially;
  };
  return rememberedSignal(key, read, String);
}
