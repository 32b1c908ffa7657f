/** Sounds that are dragged out of the page: beside the browser they become files (Chromium's `DownloadURL`). */
import { fileUrl } from "../api/service";
import { fileName, type Row } from "./rows";

const OCTETS = "application/octet-stream";

/** What is at this address, as a file of this name. */
export function dragAsFile(event: DragEvent, address: string, name: string): void {
  const url = new URL(address, location.href).href;
  event.dataTransfer?.setData("DownloadURL", `${OCTETS}:${name.replaceAll(":", "_")}:${url}`);
  event.dataTransfer?.setData("text/uri-list", url);
}

export const dragFile = (event: DragEvent, row: Row): void =>
  dragAsFile(event, fileUrl(row.clip_id), fileName(row));
