/** Titles and sizes of clips that are named somewhere without them. */
import { type Signal, signal } from "@preact/signals";
import { clip } from "../api/service";
import { t } from "../messages/t";

interface Named {
  title: Signal<string>;
  /** Null until the service said it. */
  size_bytes: Signal<number | null>;
}

const named = new Map<number, Named>();

function learnt(id: number): Named {
  const known = named.get(id);
  if (known) return known;
  const made = {
    title: signal(t("sound {id}", { id: String(id) })),
    size_bytes: signal<number | null>(null),
  };
  named.set(id, made);
  clip(id).then(
    (found) => {
      made.title.value = found.title;
      made.size_bytes.value = found.size_bytes;
    },
    () => named.delete(id),
  );
  return made;
}

/** The title of a clip, its number until the service said it. */
export const clipName = (id: number): Signal<string> => learnt(id).title;

/** How large the file of a clip is. */
export const clipSize = (id: number): Signal<number | null> => learnt(id).size_bytes;
