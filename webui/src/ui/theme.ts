/** Dark, light, or as the system is; remembered in this browser. */
import { signal } from "@preact/signals";
import { message, type Message } from "../messages/t";
import { remember, remembered } from "./remembered";

export const THEMES = ["auto", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

export const THEME_NAMES = {
  auto: message("as the system"),
  dark: message("dark"),
  light: message("light"),
} satisfies Record<Theme, Message>;

const KEY = "soundalike.theme";

export const theme = signal<Theme>(THEMES.find((one) => one === remembered(KEY)) ?? "auto");

theme.subscribe((chosen) => {
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
});

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  remember(KEY, chosen);
}

export const nextTheme = (): void =>
  setTheme(THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto");
