/** What this browser remembers from one visit to the next, the same in all of its tabs. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { randomName } from "./randomname";

/** The value stored under a key; null without one, or where the browser stores nothing. */
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
    // a private window: the value lasts for this visit
  }
}

/** The functions to call when another tab wrote a key. */
const listeners = new Map<string, (kept: string | null) => void>();

/** Call a function whenever another tab stores a value under a key, or signals it. */
export const listenToOthers = (key: string, listen: (kept: string | null) => void): unknown =>
  listeners.set(key, listen);

/** Tell the other tabs that what this key stands for has changed at the service. */
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

/** Store a signal's value whenever it changes; its present value is not stored. */
export function rememberChanges<T>(key: string, of: ReadonlySignal<T>, written: (now: T) => string): void {
  let isFirst = true;
  of.subscribe((now) => {
    if (!isFirst) remember(key, written(now));
    isFirst = false;
  });
}

/** A signal with its last stored value, from this tab or another; `read` must cope with any stored text, and null. */
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
