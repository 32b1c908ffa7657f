/** Sounds that are dragged out of the page. In Chromium on Windows and macOS they become files of their name beside the browser
    (`DownloadURL`). Elsewhere the address is dropped, and file managers that fetch addresses call the file as its address ends. */
import { fileUrl, named } from "../api/service";
import { selected } from "./many";
import { fileName, type Row } from "./rows";

const OCTETS = "application/octet-stream";

/** What is at this address, as a file of this name. It is copied: a file manager that offers to move it would ask for its removal here. */
export function dragAsFile(event: DragEvent, address: string, name: string): void {
  if (!event.dataTransfer) return;
  const url = new URL(address, location.href).href;
  event.dataTransfer.effectAllowed = "copy";
  event.dataTransfer.setData("DownloadURL", `${OCTETS}:${name.replaceAll(":", "_")}:${url}`);
  event.dataTransfer.setData("text/uri-list", url);
}

/** What drags all the rows that are selected, once there was a selection. */
export const selection: { drag: ((event: DragEvent) => void) | null } = { drag: null };

/** Drag a row, or all that are selected where it is one of several. */
export function dragRow(event: DragEvent, row: Row): void {
  const ids = selected.peek();
  if (selection.drag && ids.size > 1 && ids.has(row.clip_id)) selection.drag(event);
  else dragFile(event, row);
}

export const dragFile = (event: DragEvent, row: Row): void =>
  dragAsFile(event, named(fileUrl(row.clip_id), fileName(row)), fileName(row));
