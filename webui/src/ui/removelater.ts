/**
 * Removing with undo: items are hidden at once, and deleted at the service when the time to undo is over, or when the
 * page is left before.
 */
import { API, ask, Refused } from "../api/client";
import { t } from "../messages/t";
import { ACTION_MS, say, sayFailure } from "./toasts";

const GONE = 404;

export interface Removal {
  /** The message beside the undo button. */
  said: string;
  ids: readonly number[];
  /** The path of an item to DELETE, below the API's prefix. */
  pathOf: (id: number) => string;
  /** The message when the service refuses an item; that item and those after it are shown again. */
  failed: string;
  /** Show these again. */
  putBack: (ids: readonly number[]) => void;
  /** Called when all were deleted: fetch what there is now. */
  done: () => unknown;
}

interface Waiting {
  /** The items that are not deleted at the service yet. */
  left: Set<string>;
  /** The timer of the deletion; null once it has begun. */
  timer: number | null;
}

const waiting = new Set<Waiting>();
/** Whether items were deleted because the page was left: they can no longer be undone. */
let isSpent = false;

/** Hide items, and delete them later. Returns the undo function, which does nothing once it is too late. */
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

/** Delete each item at the service; one that no longer exists counts as deleted. */
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
