/** Sounds for other programs, made by the service while they are saved: archives, edit lists, projects, single passages. */
import { API, check, type Schemas } from "../api/client";
import { t } from "../messages/t";
import type { Passage } from "../question/model";
import { rememberedNumber } from "../ui/remembered";
import { dragAsFile } from "./dragging";
import { sayFailure } from "../ui/toasts";
import { fileName, type Row } from "./rows";

export type Format = Schemas["ExportIn"]["format"];

export const LONGEST_HANDLES_S = 600;
/** So many seconds more at both ends of a passage. */
export const handles_s = rememberedNumber("soundalike.handles", 0, 0, LONGEST_HANDLES_S);

export const passageUrl = (clipId: number, { start_s, end_s }: Passage, handles: number): string =>
  `${API}/clips/${clipId}/passage.wav?start_s=${start_s}&end_s=${end_s}&handles_s=${handles}`;

/** What of these rows is meant: what matched, or all of a sound. */
export function exportOf(rows: readonly Row[], format: Format, handles: number): Schemas["ExportIn"] {
  const items = rows.map(({ clip_id, match }) => ({
    clip_id,
    start_s: match?.start_s ?? 0,
    end_s: match?.end_s ?? null,
  }));
  return { items, format, handles_s: handles };
}

/** Have the browser save it, once the service said that it can: a form, since an address has no room for many sounds,
    and a script no memory. Its answer is saved, and the page stays. */
export async function takeOut(rows: readonly Row[], format: Format): Promise<void> {
  const body = JSON.stringify(exportOf(rows, format, handles_s.peek()));
  try {
    await check("/export", { method: "POST", body, headers: { "Content-Type": "application/json" } });
  } catch (error) {
    sayFailure(t("They cannot be exported"), error);
    return;
  }
  const form = document.createElement("form");
  Object.assign(form, {
    method: "post",
    action: `${API}/export`,
    enctype: "multipart/form-data",
    hidden: true,
  });
  const field = document.createElement("input");
  field.name = "export";
  field.value = body;
  form.append(field);
  document.body.append(form);
  form.submit();
  form.remove();
}

export function dragPassage(event: DragEvent, row: Row, passage: Passage): void {
  const stem = fileName(row).replace(/\.[^.]+$/, "");
  const name = `${stem} ${passage.start_s.toFixed(3)}-${passage.end_s.toFixed(3)}.wav`;
  dragAsFile(event, passageUrl(row.clip_id, passage, handles_s.peek()), name);
}
