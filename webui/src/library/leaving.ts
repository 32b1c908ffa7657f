import { signal } from "@preact/signals";

/** The clips that were removed on this page: they are hidden, though the service may still have them. */
export const leaving = signal<ReadonlySet<number>>(new Set());
