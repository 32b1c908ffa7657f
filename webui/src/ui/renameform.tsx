import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../messages/t";
import { IconButton } from "./icons";

/** A field for another name of a thing: Enter gives it, Escape and the button keep the one it has. */
export function RenameForm({
  name,
  rename,
  onDone,
}: {
  name: string;
  rename: (another: string) => Promise<boolean>;
  onDone: () => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.select(), []);
  const save = async (event: Event) => {
    event.preventDefault();
    const another = field.current?.value.trim() ?? "";
    if (!another || another === name || (await rename(another))) onDone();
  };
  return (
    <form class="field-row" onSubmit={(event) => void save(event)}>
      <input
        ref={field}
        type="text"
        aria-label={t("Another name for {name}", { name })}
        maxLength={200}
        defaultValue={name}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onDone();
        }}
      />
      <IconButton icon="close" label={t("Cancel renaming")} onClick={onDone} />
    </form>
  );
}
