/** Editing a clip's title and its own tags, which are words that it is found by. */
import { useState } from "preact/hooks";
import { changeClip, type Clip } from "../api/service";
import { libraryWritten } from "../library/facts";
import { remove } from "../library/removals";
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

  const save = async (event: Event) => {
    event.preventDefault();
    try {
      onDone(await changeClip(clip.id, { title: title.trim() || clip.title, own_tags: tags.split(",") }));
      say("Saved");
      await libraryWritten();
    } catch (error) {
      sayFailure("Not saved", error);
    }
  };

  return (
    <form class="edit" onSubmit={(event) => void save(event)}>
      <label for="edit-title">Title</label>
      <input
        id="edit-title"
        type="text"
        maxLength={500}
        value={title}
        onInput={(event) => setTitle(event.currentTarget.value)}
      />
      <label for="edit-tags">Your tags, separated by commas</label>
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
      <div class="field-row">
        <button type="submit" class="primary">
          Save
        </button>
        <button type="button" class="secondary" onClick={() => onDone(null)}>
          Cancel
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => remove([{ clip_id: clip.id, title: clip.title }])}
        >
          <Icon name="trash" /> Remove
        </button>
      </div>
      <p class="hint">
        Remove takes it out of the library. A file that you uploaded is deleted; any other stays where it is.
      </p>
    </form>
  );
}
