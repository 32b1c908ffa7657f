/** How far sending files to the library is, for every view to tell; `uploads.ts` does it. */
import { signal } from "@preact/signals";

export interface Sending {
  done: number;
  total: number;
  /** Why nothing is sent at the moment. */
  waits: string | null;
}

/** Null when nothing is sent. */
export const sending = signal<Sending | null>(null);
