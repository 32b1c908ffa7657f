/**
 * Removing clips from the library: they are hidden at once, and removed at the service once the time to undo is over,
 * since the service deletes uploaded files.
 */
import { t } from "../messages/t";
import { playing, stop } from "../player/player";
import { answered } from "../results/answers";
import { selectNone } from "../results/many";
import { inspected } from "../results/selection";
import { removeLater } from "../ui/removelater";
import { libraryEdited, libraryVersion } from "./facts";
import { leaving } from "./leaving";

interface Removed {
  clip_id: number;
  title: string;
}

export function remove(clips: readonly Removed[]): void {
  const ids = clips.map((one) => one.clip_id);
  const [first] = clips;
  if (!first) return;
  hide(ids);
  const what = clips.length === 1 ? first.title : t("{n} sound|{n} sounds", { n: clips.length });
  removeLater({
    said: t("{what} taken out of the library", { what }),
    ids,
    pathOf: (id) => `/clips/${id}`,
    failed: t("Not removed"),
    putBack: bringBack,
    done: () => libraryEdited(),
  });
}

/** Hide clips everywhere. */
export function hide(ids: readonly number[]): void {
  leaving.value = new Set([...leaving.peek(), ...ids]);
  const open = inspected.peek();
  if (open && ids.includes(open.clip_id)) inspected.value = null;
  if (ids.includes(playing.peek() ?? -1)) stop();
  selectNone();
  const now = answered.peek();
  if (!now) return;
  const rows = now.rows.filter((row) => !ids.includes(row.clip_id));
  const fewer = now.rows.length - rows.length;
  answered.value = { ...now, rows, total: now.total === null ? null : now.total - fewer };
}

/** Show clips again where they were. */
export function bringBack(ids: readonly number[]): void {
  leaving.value = new Set([...leaving.peek()].filter((id) => !ids.includes(id)));
  libraryVersion.value++; // what was asked is asked again: they are back where they were
}
