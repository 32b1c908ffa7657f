/** Checking at intervals whether saved searches have new matches. */
import { effect } from "@preact/signals";
import { libraryVersion } from "../library/facts";
import { learnSearches } from "./searches";

const LOOK_MS = 30_000;

/** Called once. */
export function followSearches(): void {
  effect(() => {
    libraryVersion.value; // whatever was written may be a match
    void learnSearches();
  });
  setInterval(() => {
    if (document.visibilityState === "visible") void learnSearches();
  }, LOOK_MS);
}
