/**
 * Removing with a way back: what goes is hidden at once, and the service is told when nobody took it back for a while.
 * Whoever leaves the page meanwhile meant it.
 */
import { API } from "../api/client";
import { t } from "../messages/t";
import { ACTION_MS, say } from "./toasts";

interface Removal {
  /** What is said of it, beside the button that takes it back. */
  said: string;
  /** What the service deletes, below the API's prefix; asked for when the page is left. */
  paths: readonly string[];
  /** Tell the service; what it does not take is put back, and that is said. */
  send: () => unknown;
  /** Show it again. */
  putBack: () => void;
}

/** What nobody told the service yet. */
const waiting = new Set<Removal>();

export function removeLater(removal: Removal): void {
  waiting.add(removal);
  const timer = setTimeout(() => {
    waiting.delete(removal);
    void removal.send();
  }, ACTION_MS);
  const run = () => {
    clearTimeout(timer);
    waiting.delete(removal);
    removal.putBack();
  };
  say(removal.said, { action: { name: t("Undo"), run } });
}

addEventListener("pagehide", () => {
  for (const path of [...waiting].flatMap(({ paths }) => paths))
    fetch(API + path, { method: "DELETE", keepalive: true }).catch(() => undefined); // nobody is there to be told
  waiting.clear();
});
