import { signal } from "@preact/signals";

/** Whether the filters are shown where there is no room for them beside the list. */
export const filtersShown = signal(false);
