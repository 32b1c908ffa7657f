/** Completion of tags that are typed with commas between them: those that the library has. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clips } from "../api/service";

const known = signal<readonly string[]>([]);

/** Fetch the library's own tags. */
async function learnTags(): Promise<void> {
  const nothing = { where: null, region: null, within: null, sort: "id", offset: 0, limit: 1 };
  try {
    known.value =
      (await clips({ ...nothing, facets: true })).facets?.own_tags.map(({ value }) => value) ?? [];
  } catch {
    // completion is optional
  }
}

/** The whole field's text with each tag that could complete its last word. */
export function completions(typed: string, tags: readonly string[]): string[] {
  const comma = typed.lastIndexOf(",");
  const before = typed.slice(0, comma + 1) + (comma >= 0 ? " " : "");
  const last = typed
    .slice(comma + 1)
    .trim()
    .toLowerCase();
  const used = new Set(
    typed
      .slice(0, comma + 1)
      .split(",")
      .map((tag) => tag.trim()),
  );
  return tags
    .filter((tag) => !used.has(tag) && tag.toLowerCase().startsWith(last))
    .map((tag) => before + tag);
}

/** The list of a field with this `list`. */
export function TagOptions({ id, typed }: { id: string; typed: string }) {
  useEffect(() => void learnTags(), []);
  return (
    <datalist id={id}>
      {completions(typed, known.value).map((one) => (
        <option key={one} value={one} />
      ))}
    </datalist>
  );
}
