/** Own tags of many sounds at once, and back. */
import { changeClip, clip } from "../api/service";
import { libraryEdited } from "../library/facts";
import { message, t, type Plain } from "../messages/t";
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
export const addTags = (rows: readonly Row[], tags: readonly string[]): Promise<void> =>
  change(
    rows,
    (own) => [...own, ...tags.filter((tag) => !own.includes(tag))],
    message("{n} sound tagged|{n} sounds tagged"),
    message("They already have these tags"),
  );

/** Take these tags away from each that has them. */
export const takeTags = (rows: readonly Row[], tags: readonly string[]): Promise<void> =>
  change(
    rows,
    (own) => own.filter((tag) => !tags.includes(tag)),
    message("{n} sound without these tags|{n} sounds without these tags"),
    message("None of them has these tags"),
  );

async function change(
  rows: readonly Row[],
  to: (own: readonly string[]) => string[],
  done: "{n} sound tagged|{n} sounds tagged" | "{n} sound without these tags|{n} sounds without these tags",
  nothing: Plain,
): Promise<void> {
  const before = new Map<number, string[]>();
  try {
    for (const { clip_id } of rows) {
      const { own_tags } = await clip(clip_id);
      const now = to(own_tags);
      if (now.length === own_tags.length) continue;
      await changeClip(clip_id, { own_tags: now });
      before.set(clip_id, own_tags);
    }
  } catch (error) {
    sayFailure(t("Some sounds could not be changed"), error);
  }
  if (before.size > 0)
    say(t(done, { n: before.size }), { action: { name: t("Undo"), run: () => putBack(before) } });
  else say(t(nothing));
  await libraryEdited();
}

async function putBack(before: ReadonlyMap<number, string[]>): Promise<void> {
  try {
    for (const [id, own_tags] of before) await changeClip(id, { own_tags });
    say(t("Tags are as they were"));
  } catch (error) {
    sayFailure(t("The tags could not be restored"), error);
  }
  await libraryEdited();
}
