/** Dark, light, or as the system is; remembered in this browser. */
import { message, type Message } from "../messages/t";
import { rememberedSignal } from "./remembered";

export const THEMES = ["auto", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

export const THEME_NAMES = {
  auto: message("system"),
  dark: message("dark"),
  light: message("light"),
} satisfies Record<Theme, Message>;

export const theme = rememberedSignal<Theme>(
  "soundalike.theme",
  (kept) => THEMES.find((one) => one === kept) ?? "auto",
  String,
);

theme.subscribe((chosen) => {
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
});

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
}
