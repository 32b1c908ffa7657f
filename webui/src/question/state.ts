/** What is open around the box. */
import { signal } from "@preact/signals";

/** The id of the box. */
export const BOX = "question";

/** What the recorder listens for; null while it is closed. */
export const recording = signal<"audio" | "hum" | null>(null);
/** The chip of a sound whose passage is being chosen, by its place; null while that is closed. */
export const choosingPassage = signal<number | null>(null);
/** The chip of a sound of which is said in which way hits are like it, by its place; null while that is closed. */
export const weighing = signal<number | null>(null);
/** Whether somebody looks at the box, or at what is suggested below it. */
export const suggesting = signal(false);
/** Whether what was asked before is shown. */
export const historyShown = signal(false);
