/** Own tags of many sounds at once, and back. */
import { changeClip, clip } from "../api/service";
import { libraryWritten } from "../library/facts";
import { plural } from "../ui/format";
import { say, sayFailure } from "../ui/toasts";
import type { Row } from "./rows";

/** The tags that somebody typed, separated by commas. */
export const tagsOf = (typed: string): string[] => [
  ...new Set(
    typed
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
];

/** Add these tags to the own tags of each; those that were done before one failed can be undone too. */
export async function addTags(rows: readonly Row[], tags: readonly string[]): Promise<void> {
  const before = new Map<number, string[]>();
  try {
    for (const { clip_id } of rows) {
      const { own_tags } = await clip(clip_id);
      const missing = tags.filter((tag) => !own_tags.includes(tag));
      if (missing.length === 0) continue;
      await changeClip(clip_id, { own_tags: [...own_tags, ...missing] });
      before.set(clip_id, own_tags);
    }
  } catch (error) {
    sayFailure("Not all were tagged", error);
  }
  if (before.size > 0)
    say(`${plural(before.size, "sound")} tagged`, { action: { name: "Undo", run: () => putBack(before) } });
  else say("They have these tags already");
  await libraryWritten();
}

async function putBack(before: ReadonlyMap<number, string[]>): Promise<void> {
  try {
    for (const [id, own_tags] of before) await changeClip(id, { own_tags });
    say("Tags are as they were");
  } catch (error) {
    sayFailure("The tags were not put back", error);
  }
  await libraryWritten();
}
