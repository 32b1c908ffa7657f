import { signal } from "@preact/signals";
import type { Understood } from "../api/service";
import type { Question } from "./model";

/** What the last sentence became; it is said as long as that is what is asked. */
export const understood = signal<{ asked: Question; said: Understood } | null>(null);
