/**
 * Removing with a way back: what goes is hidden at once, and the service is told when nobody took it back for a while.
 * Whoever leaves the page meanwhile meant it.
 */
import { API, ask, Refused } from "../api/client";
import { t } from "../messages/t";
import { ACTION_MS, say, sayFailure } from "./toasts";

const GONE = 404;

export interface Removal {
  /** What is said of it, beside the button that takes it back. */
  said: string;
  ids: readonly number[];
  /** What the service deletes for one, below the API's prefix. */
  pathOf: (id: number) => string;
  /** What is said where the service takes one not; that and those after it are put back. */
  failed: string;
  /** Show these again. */
  putBack: (ids: readonly number[]) => void;
  /** The service was told: learn what there is now. */
  done: () => unknown;
}

interface Waiting {
  /** What the service does not have deleted yet. */
  left: Set<string>;
  /** When it is told; null once that has begun. */
  timer: number | null;
}

const waiting = new Set<Waiting>();
/** Whether something went as the page was left: its offers to take it back are void. */
let isSpent = false;

/** Returns what takes it back, as its button does, while that can be done. */
export function removeLater(removal: Removal): () => void {
  const one: Waiting = { left: new Set(removal.ids.map(removal.pathOf)), timer: null };
  waiting.add(one);
  one.timer = window.setTimeout(() => void report(removal, one), ACTION_MS);
  const takeBack = () => {
    if (one.timer === null) return;
    forget(one);
    removal.putBack(removal.ids);
  };
  const dismiss = say(removal.said, { action: { name: t("Undo"), run: takeBack } });
  return () => {
    dismiss();
    takeBack();
  };
}

function forget(one: Waiting): void {
  if (one.timer !== null) clearTimeout(one.timer);
  one.timer = null;
  waiting.delete(one);
}

/** Tell the service of each; what is not there any more is as good as deleted. */
async function report(removal: Removal, one: Waiting): Promise<void> {
  one.timer = null;
  try {
    for (const path of [...one.left]) {
      await remove(path);
      one.left.delete(path);
    }
  } catch (error) {
    sayFailure(removal.failed, error);
    removal.putBack(removal.ids.filter((id) => one.left.has(removal.pathOf(id))));
  }
  forget(one);
  await removal.done();
}

async function remove(path: string): Promise<void> {
  try {
    await ask(path, { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof Refused && error.status === GONE)) throw error;
  }
}

addEventListener("pagehide", () => {
  for (const one of [...waiting]) {
    isSpent = true;
    for (const path of one.left)
      fetch(API + path, { method: "DELETE", keepalive: true }).catch(() => undefined); // nobody is there to be told
    forget(one);
  }
});

addEventListener("pageshow", ({ persisted }) => {
  if (persisted && isSpent) location.reload();
});
