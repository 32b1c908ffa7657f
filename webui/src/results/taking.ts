/** Sounds for other programs, made by the service while they are saved: archives, edit lists, projects, single passages. */
import { API, check, type Schemas } from "../api/client";
import { named } from "../api/service";
import { t } from "../messages/t";
import type { Passage } from "../question/model";
import { rememberedNumber } from "../ui/remembered";
import { dragAsFile } from "./dragging";
import { sayFailure } from "../ui/toasts";
import { fileName, type Row } from "./rows";

export type Format = Schemas["ExportIn"]["format"];

export const LONGEST_HANDLES_S = 600;
/** Handles: extra seconds at both ends of a passage. */
export const handles_s = rememberedNumber("soundalike.handles", 0, 0, LONGEST_HANDLES_S);

const whichPassage = ({ start_s, end_s }: Passage, handles: number): string =>
  `start_s=${start_s}&end_s=${end_s}&handles_s=${handles}`;

export const passageUrl = (clipId: number, passage: Passage, handles: number): string =>
  `${API}/clips/${clipId}/passage.wav?${whichPassage(passage, handles)}`;

/** The export of these rows: of each its matching passage, or the whole sound when it has none. */
export function exportOf(rows: readonly Row[], format: Format, handles: number): Schemas["ExportIn"] {
  const items = rows.map(({ clip_id, match }) => ({
    clip_id,
    start_s: match?.start_s ?? 0,
    end_s: match?.end_s ?? null,
  }));
  return { items, format, handles_s: handles };
}

/** Have the browser save the file, once the service confirmed that it can be made. A form sends the request, since a URL
    is too short for many sounds, and a script would hold the whole file in memory. */
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

/** A passage with its handles, within the sound: the file's name says its times. */
function withHandles({ start_s, end_s }: Passage, handles: number, duration_s: number | null): Passage {
  return {
    start_s: Math.max(0, start_s - handles),
    end_s: Math.min(duration_s ?? Infinity, end_s + handles),
  };
}

export function dragPassage(event: DragEvent, row: Row, passage: Passage): void {
  const handles = handles_s.peek();
  const taken = withHandles(passage, handles, row.duration_s);
  const stem = fileName(row).replace(/\.[^.]+$/, "");
  const name = `${stem} ${taken.start_s.toFixed(3)}-${taken.end_s.toFixed(3)}.wav`;
  const address = named(`${API}/clips/${row.clip_id}/passage`, name);
  dragAsFile(event, `${address}?${whichPassage(passage, handles)}`, name);
}
