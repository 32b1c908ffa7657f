/** What this browser remembers from one visit to the next. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

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

/** Remember what a signal holds whenever it changes. What it holds now is known: the first page writes nothing. */
export function rememberChanges<T>(key: string, of: ReadonlySignal<T>, written: (now: T) => string): void {
  let isFirst = true;
  of.subscribe((now) => {
    if (!isFirst) remember(key, written(now));
    isFirst = false;
  });
}

/** A switch that stays as it was left. */
export function rememberedSwitch(key: string, initially = false): Signal<boolean> {
  const on = signal((remembered(key) ?? (initially ? "on" : "off")) === "on");
  rememberChanges(key, on, (now) => (now ? "on" : "off"));
  return on;
}

/** A number that stays as it was left, where that is still within these limits. */
export function rememberedNumber(
  key: string,
  initially: number,
  least: number,
  most: number,
): Signal<number> {
  const kept = Number(remembered(key) ?? initially);
  const number = signal(kept >= least && kept <= most ? kept : initially);
  rememberChanges(key, number, String);
  return number;
}
