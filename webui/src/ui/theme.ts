/** Dark, light, or as the system is; remembered in this browser. */
import { signal } from "@preact/signals";

export const THEMES = ["auto", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "soundalike.theme";

export const theme = signal<Theme>(THEMES.find((one) => one === remembered(KEY)) ?? "auto");

theme.subscribe((chosen) => {
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
});

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
  remember(KEY, theme.value);
}

/** What this browser remembers; null where it refuses to. */
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
