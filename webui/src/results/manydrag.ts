/** All the selected rows dragged out at once: browsers drop one file, so it is an archive of theirs. */
import { API } from "../api/client";
import { named } from "../api/service";
import { t } from "../messages/t";
import { say } from "../ui/toasts";
import { dragAsFile, selection } from "./dragging";
import { selectedRows } from "./many";

/** So many ids an address has room for. */
const MOST = 400;

function dragSelected(event: DragEvent): void {
  const rows = selectedRows();
  const size = t("{n} sound|{n} sounds", { n: rows.length });
  if (rows.length > MOST) {
    event.preventDefault();
    say(t("{n} sounds are too many to drag. Use Export instead", { n: rows.length }), { bad: true });
    return;
  }
  const which = new URLSearchParams(rows.map(({ clip_id }) => ["clip_id", String(clip_id)]));
  const name = `${size}.zip`;
  dragAsFile(event, `${named(`${API}/export`, name)}?${which}`, name);
  showAs(event, size);
}

/** What is seen at the pointer: how many they are. */
function showAs({ dataTransfer }: DragEvent, text: string): void {
  const badge = document.createElement("div");
  badge.className = "dragged";
  badge.textContent = text;
  document.body.append(badge);
  dataTransfer?.setDragImage(badge, -12, -12);
  setTimeout(() => badge.remove()); // the browser has its picture by then
}

/** From now on; returns what ends that. */
export function dragsSelected(): () => void {
  selection.drag = dragSelected;
  return () => (selection.drag = null);
}
