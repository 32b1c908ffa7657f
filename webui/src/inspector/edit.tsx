/** Editing a clip's title, its own tags and the remark on it, which are words that it is found by. */
import { useState } from "preact/hooks";
import { changeClip, type Clip, type ClipChange } from "../api/service";
import { libraryEdited } from "../library/facts";
import { remove } from "../library/removals";
import { t } from "../messages/t";
import { Icon } from "../ui/icons";
import { TagOptions } from "../ui/tagoptions";
import { say, sayFailure } from "../ui/toasts";

interface EditProps {
  clip: Clip;
  onDone: (changed: Clip | null) => void;
}

export function EditClip({ clip, onDone }: EditProps) {
  const [title, setTitle] = useState(clip.title);
  const [tags, setTags] = useState(clip.own_tags.join(", "));
  const [remark, setRemark] = useState(clip.remark);

  const save = async (event: Event) => {
    event.preventDefault();
    const { title: before, own_tags, remark: remarked } = clip;
    const changed = await write({ title: title.trim() || before, own_tags: tags.split(","), remark });
    if (!changed) return;
    onDone(changed);
    const undo = async () => {
      const back = await write({ title: before, own_tags, remark: remarked });
      if (back) onDone(back);
    };
    say(t("Saved"), { action: { name: t("Undo"), run: undo } });
  };
  const write = async (change: ClipChange): Promise<Clip | null> => {
    try {
      const changed = await changeClip(clip.id, change);
      await libraryEdited();
      return changed;
    } catch (error) {
      sayFailure(t("Not saved"), error);
      return null;
    }
  };

  return (
    <form class="edit" onSubmit={(event) => void save(event)}>
      <label for="edit-title">{t("Title")}</label>
      <input
        id="edit-title"
        type="text"
        maxLength={500}
        value={title}
        onInput={(event) => setTitle(event.currentTarget.value)}
      />
      <label for="edit-tags">{t("Your tags, separated by commas")}</label>
      <input
        id="edit-tags"
        type="text"
        list="edit-tags-known"
        autocomplete="off"
        maxLength={4000}
        value={tags}
        onInput={(event) => setTags(event.currentTarget.value)}
      />
      <TagOptions id="edit-tags-known" typed={tags} />
      <label for="edit-remark">{t("Remark")}</label>
      <textarea
        id="edit-remark"
        rows={3}
        maxLength={4000}
        value={remark}
        onInput={(event) => setRemark(event.currentTarget.value)}
      />
      <div class="field-row">
        <button type="submit" class="primary">
          {t("Save")}
        </button>
        <button type="button" class="secondary" onClick={() => onDone(null)}>
          {t("Cancel")}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => remove([{ clip_id: clip.id, title: clip.title }])}
        >
          <Icon name="trash" /> {t("Remove")}
        </button>
      </div>
      <p class="hint">
        {t(
          "Remove takes it out of the library. A file you uploaded is deleted; any other file stays where it is.",
        )}
      </p>
    </form>
  );
}
