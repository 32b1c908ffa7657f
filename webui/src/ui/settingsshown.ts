import { signal } from "@preact/signals";

export const settingsShown = signal(false);
