/** Into which collection the selected sounds go: one that is there, or a new one. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../messages/t";
import { selectedRows } from "../results/many";
import { collect, known, learnCollections } from "./collections";

const MOST_CHARACTERS = 200;

export function CollectForm({ onDone }: { onDone: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const typed = useSignal("");
  const busy = useSignal(false);
  useLayoutEffect(() => {
    field.current?.focus();
    void learnCollections();
  }, []);
  const add = async (event: Event) => {
    event.preventDefault();
    if (typed.value.trim() === "") return;
    busy.value = true;
    const done = await collect(typed.value, selectedRows());
    busy.value = false;
    if (!done) return;
    // a focus that was moved elsewhere meanwhile stays there
    if (form.current?.contains(document.activeElement)) document.querySelector<HTMLElement>(".list")?.focus();
    onDone();
  };
  return (
    <form ref={form} class="many-tags field-row" onSubmit={(event) => void add(event)}>
      <label for="collect">{t("Collection, a new one or one that is there")}</label>
      <input
        id="collect"
        ref={field}
        type="text"
        list="collections"
        autocomplete="off"
        maxLength={MOST_CHARACTERS}
        value={typed.value}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      <datalist id="collections">
        {known.value?.map((one) => (
          <option key={one.id} value={one.name} />
        ))}
      </datalist>
      <button type="submit" class="primary" disabled={busy.value}>
        {t("Collect")}
      </button>
    </form>
  );
}
