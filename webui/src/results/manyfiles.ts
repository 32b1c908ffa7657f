/** The rows that are selected, written down: their paths, a playlist, a table. */
import { audioUrl } from "../api/service";
import { t } from "../messages/t";
import { say } from "../ui/toasts";
import { type Row, trackPath } from "./rows";

export const paths = (rows: readonly Row[]): string => rows.map(trackPath).join("\n");

const UNKNOWN = -1;
const CONTROLS = /\p{Cc}+/gu;

/** An extended M3U playlist, in UTF-8: each sound by its address at the service that is at `page`. */
export function playlist(rows: readonly Row[], page: string): string {
  const entries = rows.map((row) => {
    const title = row.title.replace(CONTROLS, " ");
    return `#EXTINF:${row.duration_s ?? UNKNOWN},${title}\n${new URL(audioUrl(row.clip_id), page)}`;
  });
  return ["#EXTM3U", ...entries, ""].join("\n");
}

/** The columns that `soundalike search --csv` writes too; what nobody asked for has no rank, score and passage. */
const COLUMNS: Readonly<Record<string, (row: Row) => string | number>> = {
  rank: (row) => (row.score === null ? "" : row.rank),
  score: (row) => row.score?.toFixed(6) ?? "",
  probability: (row) => row.probability?.toFixed(4) ?? "",
  clip_id: (row) => row.clip_id,
  segment_id: (row) => row.match?.segment_id ?? "",
  start_s: (row) => row.match?.start_s.toFixed(3) ?? "",
  end_s: (row) => row.match?.end_s.toFixed(3) ?? "",
  title: (row) => row.title,
  path: (row) => row.path,
  track: (row) => row.track,
  own_tags: (row) => row.own_tags.join(", "),
  remark: (row) => row.remark,
};

/** RFC 4180. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => Object.values(COLUMNS).map((column) => cell(column(row))));
  return [Object.keys(COLUMNS), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

const cell = (value: string | number): string =>
  /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);

/** Have the browser save a text as a file. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url));
}

/** Put a text on the clipboard; `what` it is. */
export async function copy(text: string, what: string): Promise<void> {
  const copied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  if (copied || copyOfField(text)) say(t("{what} copied", { what }));
  else say(t("The browser did not allow copying: {what} not copied", { what }), { bad: true });
}

/** The old way: browsers give pages without https no clipboard. */
function copyOfField(text: string): boolean {
  const field = document.createElement("textarea");
  const before = document.activeElement;
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
