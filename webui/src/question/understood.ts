import { signal } from "@preact/signals";
import type { Understood } from "../api/service";
import type { Question } from "./model";

/** The reading of the last sentence; shown as long as the question stays as it was read. */
export const understood = signal<{ asked: Question; said: Understood } | null>(null);
