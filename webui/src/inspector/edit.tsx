/** Editing a clip's title and its own tags, which are words that it is found by. */
import { useState } from "preact/hooks";
import { changeClip, type Clip, removeClip } from "../api/service";
import { libraryWritten } from "../library/facts";
import { playing, stop } from "../player/player";
import { inspected } from "../results/selection";
import { Icon } from "../ui/icons";
import { say, sayFailure } from "../ui/toasts";

interface EditProps {
  clip: Clip;
  onDone: (changed: Clip | null) => void;
}

export function EditClip({ clip, onDone }: EditProps) {
  const [title, setTitle] = useState(clip.title);
  const [tags, setTags] = useState(clip.own_tags.join(", "));
  const [sure, setSure] = useState(false);

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
  const remove = async () => {
    if (!sure) {
      setSure(true);
      return;
    }
    try {
      await removeClip(clip.id);
      inspected.value = null;
      if (playing.peek() === clip.id) stop();
      say(`${clip.title} was taken out of the library`);
      await libraryWritten();
    } catch (error) {
      sayFailure("Not removed", error);
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
        maxLength={4000}
        value={tags}
        onInput={(event) => setTags(event.currentTarget.value)}
      />
      <div class="field-row">
        <button type="submit" class="primary">
          Save
        </button>
        <button type="button" class="secondary" onClick={() => onDone(null)}>
          Cancel
        </button>
        <button type="button" class="danger" onClick={() => void remove()}>
          <Icon name="trash" /> {sure ? "Really remove" : "Remove"}
        </button>
      </div>
      {sure && (
        <p class="hint">
          Takes it out of the library. A file that you uploaded is deleted; any other stays where it is.
        </p>
      )}
    </form>
  );
}
