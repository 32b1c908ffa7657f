/** On a phone or a small tablet an open sound covers the page: there Back closes it, and leaves the question as it is. */
import { inspected } from "./selection";

const COVERS = matchMedia("(max-width: 61.99rem)");
const OPEN = "sound";

/** Called once. */
export function closeByBack(): void {
  /** Whether the history has an entry for the open sound. */
  let entered = false;
  inspected.subscribe((row) => {
    if (row && !entered && COVERS.matches) {
      history.pushState(OPEN, "");
      entered = true;
    } else if (!row && entered) {
      entered = false;
      if (history.state === OPEN) history.back();
    }
  });
  addEventListener("popstate", () => {
    if (!entered || history.state === OPEN) return;
    entered = false;
    inspected.value = null;
  });
}
