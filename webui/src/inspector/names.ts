/** Titles of clips that are named somewhere without one. */
import { type Signal, signal } from "@preact/signals";
import { clip } from "../api/service";
import { t } from "../messages/t";

const names = new Map<number, Signal<string>>();

/** The title of a clip, its number until the service said it. */
export function clipName(id: number): Signal<string> {
  const known = names.get(id);
  if (known) return known;
  const name = signal(t("sound {id}", { id: String(id) }));
  names.set(id, name);
  clip(id).then(
    (found) => (name.value = found.title),
    () => names.delete(id),
  );
  return name;
}
