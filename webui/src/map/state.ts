/** What the map shows. */
import { signal } from "@preact/signals";
import { clipMap } from "../api/service";
import { remember, remembered } from "../ui/theme";
import { sayFailure } from "../ui/toasts";
import { type Layout, layoutOf } from "./layout";

const KEY = "soundalike.hear";

/** The layout; null before it was asked for, "none" when the map was never drawn. */
export const layout = signal<Layout | "none" | null>(null);
/** Whether pointing at a sound plays it. */
export const hearing = signal(remembered(KEY) !== "off");
hearing.subscribe((on) => remember(KEY, on ? "on" : "off"));
export const lassoing = signal(false);

export async function loadLayout(): Promise<void> {
  try {
    const found = await clipMap();
    layout.value = found.clip_ids.length === 0 ? "none" : layoutOf(found);
  } catch (error) {
    sayFailure("The map could not be loaded", error);
  }
}
