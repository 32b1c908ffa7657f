/** Saving the present question under a name. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../messages/t";
import { allParts } from "../question/model";
import { BOX } from "../question/state";
import { question } from "../route";
import { nameOf } from "../title";
import { IconButton } from "../ui/icons";
import { save } from "./searches";
import { savingShown, searchesShown } from "./state";

const MOST_CHARACTERS = 200;

export function SaveForm() {
  const field = useRef<HTMLInputElement>(null);
  const busy = useSignal(false);
  useLayoutEffect(() => field.current?.select(), []);
  const close = () => {
    savingShown.value = false;
    document.getElementById(BOX)?.focus();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const name = field.current?.value.trim() ?? "";
    if (!name) return;
    busy.value = true;
    const done = await save(name, question.peek());
    busy.value = false;
    if (!done) return;
    searchesShown.value = true;
    close();
  };
  const suggested = allParts(question.peek()).map(nameOf).join(", ");
  return (
    <form class="save-search field-row" onSubmit={(event) => void submit(event)}>
      <label for="save-search">{t("Name of the search")}</label>
      <input
        id="save-search"
        ref={field}
        type="text"
        autocomplete="off"
        maxLength={MOST_CHARACTERS}
        defaultValue={suggested.slice(0, MOST_CHARACTERS)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          close();
        }}
      />
      <button type="submit" class="primary" disabled={busy.value}>
        {t("Save")}
      </button>
      <IconButton icon="close" label={t("Do not save")} onClick={close} />
    </form>
  );
}
