import { signal } from "@preact/signals";
import { rememberedSwitch } from "./remembered";

/** Whether the list of keys is shown. */
export const keysShown = signal(false);
/** Whether single letters do something (WCAG 2.1.4: they can be turned off). */
export const letters = rememberedSwitch("soundalike.letters", true);
