/** A question as it is sent: its parts, and the files that they name. */
import type { SearchBody } from "../api/service";
import { t } from "../messages/t";
import { allParts, bodyOf, isWanting, type Question, whereOf } from "../question/model";
import { findSound } from "../question/sounds";
import { WORD_LANGUAGES } from "../question/words";

export interface Sent {
  body: Pick<SearchBody, "parts" | "where" | "region" | "within" | "language" | "recall">;
  files: Map<string, File>;
}

const fieldOf = (file: string): string => `sound-${file}`;

/** The question; or why it cannot be asked, in words for people. */
export async function sentOf(asked: Question): Promise<Sent | string> {
  if (!isWanting(asked)) return t("Add something that you want: so far this only says what you do not want.");
  const files = new Map<string, File>();
  for (const { thing } of asked.parts) {
    if (thing.kind !== "audio" && thing.kind !== "hum") continue;
    const file = await findSound(thing.file);
    if (!file)
      return t("A sound of this search is not kept in this browser. Drop it here again, or remove it.");
    files.set(fieldOf(thing.file), file);
  }
  const parts = allParts(asked).map((part) => bodyOf(part, fieldOf));
  const [region, within] = [asked.region || null, asked.within || null];
  const language = WORD_LANGUAGES.find((one) => one === asked.language) ?? null;
  const recall = asked.recall ?? null;
  return { body: { parts, where: whereOf(asked.filters), region, within, language, recall }, files };
}
