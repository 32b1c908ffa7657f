/** What the rest of the page knows of saved searches. */
import { signal } from "@preact/signals";
import { rememberedOpen } from "../ui/remembered";

/** How many new matches nobody has seen. */
export const unseen = signal(0);
/** The clips that were new when a saved search was run last. */
export const newClips = signal<ReadonlySet<number>>(new Set());
/** Whether the form that saves a search is open. */
export const savingShown = signal(false);
/** Whether saved searches are shown at the side. */
export const searchesShown = rememberedOpen("soundalike.searches");
