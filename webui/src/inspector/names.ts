/** Titles and sizes of clips that are named somewhere without them. */
import { type Signal, signal } from "@preact/signals";
import { clip } from "../api/service";
import { t } from "../messages/t";
import { folder } from "../ui/format";

interface Named {
  title: Signal<string>;
  /** Empty until the service answered. */
  folder: Signal<string>;
  /** Resolved when the title is known, or when it could not be fetched. */
  learning: Promise<unknown>;
  /** Null until the service answered. */
  size_bytes: Signal<number | null>;
}

const named = new Map<number, Named>();

function learnt(id: number): Named {
  const known = named.get(id);
  if (known) return known;
  const title = signal(t("sound {id}", { id: String(id) }));
  const lies = signal("");
  const size_bytes = signal<number | null>(null);
  const learning = clip(id).then(
    (found) => {
      title.value = found.title;
      lies.value = folder(found.path) || t("top folder");
      size_bytes.value = found.size_bytes;
    },
    () => named.delete(id),
  );
  const made = { folder: lies, title, size_bytes, learning };
  named.set(id, made);
  return made;
}

/** The title of a clip, its number until the service said it. */
export const clipName = (id: number): Signal<string> => learnt(id).title;

/** The same, once the service said it. */
export async function titleOf(id: number): Promise<string> {
  const { learning, title } = learnt(id);
  await learning;
  return title.peek();
}

/** The folder that a clip lies in: copies often have one title. */
export const clipFolder = (id: number): Signal<string> => learnt(id).folder;

/** How large the file of a clip is. */
export const clipSize = (id: number): Signal<number | null> => learnt(id).size_bytes;
