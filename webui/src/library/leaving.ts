import { signal } from "@preact/signals";

/** The clips that were taken out of the library on this page: they are shown nowhere, though the service may have them yet. */
export const leaving = signal<ReadonlySet<number>>(new Set());
