/** What can be done with all the rows that are selected. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { collectionIn, takeOutOf } from "../collections/collections";
import { CollectForm } from "../collections/form";
import { remove } from "../library/removals";
import { t } from "../messages/t";
import { question } from "../route";
import { TagOptions } from "../ui/tagoptions";
import { Icon, IconButton } from "../ui/icons";
import { answered, more, waiting } from "./answers";
import { selectAll, selected, selectedRows, selecting, selectNone } from "./many";
import { ExportBar } from "./manyexport";
import { dragsSelected } from "./manydrag";
import { copy, paths } from "./manyfiles";
import { addTags, tagsOf, takeTags } from "./manytags";

export function ManyBar() {
  useEffect(dragsSelected, []);
  const tagging = useSignal(false);
  const exporting = useSignal(false);
  const collecting = useSignal(false);
  const within = collectionIn(question.value.within);
  const size = selected.value.size;
  const rows = answered.value?.rows ?? [];
  const select = (
    <>
      {size < rows.length && (
        <button type="button" class="plain" onClick={selectAll}>
          {t("Select all")}
        </button>
      )}
      {size === rows.length && answered.value?.next != null && (
        <button type="button" class="plain" disabled={waiting.value} onClick={() => void selectAllOfThem()}>
          {t("Select all there are")}
        </button>
      )}
    </>
  );
  const close = <IconButton icon="close" label={t("Select none")} shortcut="Esc" onClick={unselect} />;
  if (size === 0)
    return (
      <section class="many" aria-label={t("The selected sounds")}>
        <p role="status">{t("Tap sounds to select them")}</p>
        {select}
        <span class="many-tools">{close}</span>
      </section>
    );
  return (
    <section class="many" aria-label={t("The selected sounds")}>
      <p role="status">{t("{n} sound selected|{n} sounds selected", { n: size })}</p>
      {select}
      <span class="many-tools">
        <button
          type="button"
          class="plain"
          onClick={() => void copy(paths(selectedRows()), t("{n} path|{n} paths", { n: size }))}
        >
          <Icon name="copies" /> {t("Copy paths")}
        </button>
        <button
          type="button"
          class="plain"
          aria-expanded={exporting.value}
          onClick={() => (exporting.value = !exporting.value)}
        >
          <Icon name="download" /> {t("Export")}
        </button>
        <button
          type="button"
          class="plain"
          aria-expanded={tagging.value}
          onClick={() => (tagging.value = !tagging.value)}
        >
          <Icon name="plus" /> {t("Tags")}
        </button>
        <button
          type="button"
          class="plain"
          aria-expanded={collecting.value}
          onClick={() => (collecting.value = !collecting.value)}
        >
          <Icon name="folder" /> {t("Collect")}
        </button>
        {within !== null && (
          <button
            type="button"
            class="plain"
            onClick={() => void takeOutOf(within, selectedRows())}
            title={t("Remove these from the collection; they stay in the library")}
          >
            <Icon name="minus" /> {t("Take out")}
          </button>
        )}
        <button type="button" class="plain many-remove" onClick={() => remove(selectedRows())}>
          <Icon name="trash" /> {t("Remove")}
        </button>
        {close}
      </span>
      {exporting.value && <ExportBar />}
      {collecting.value && <CollectForm onDone={() => (collecting.value = false)} />}
      {tagging.value && <TagForm onDone={() => (tagging.value = false)} />}
    </section>
  );
}

function unselect(): void {
  selecting.value = false;
  selectNone();
  document.querySelector<HTMLElement>(".list")?.focus(); // the button goes
}

/** Fetch what is not listed yet, page by page. */
async function selectAllOfThem(): Promise<void> {
  const asked = answered.peek()?.question;
  for (let before = -1, now = answered.peek(); now?.next != null; now = answered.peek()) {
    if (now.question !== asked || now.rows.length === before) return; // it is another answer, or there is trouble
    before = now.rows.length;
    await more();
  }
  selectAll();
}

function TagForm({ onDone }: { onDone: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const typed = useSignal("");
  const busy = useSignal(false);
  useLayoutEffect(() => field.current?.focus(), []);
  const change = async (event: Event, to: typeof addTags) => {
    event.preventDefault();
    const tags = tagsOf(typed.value);
    if (tags.length === 0) return;
    busy.value = true;
    await to(selectedRows(), tags);
    // a focus that was moved elsewhere meanwhile stays there
    if (form.current?.contains(document.activeElement)) document.querySelector<HTMLElement>(".list")?.focus();
    onDone();
  };
  return (
    <form ref={form} class="many-tags field-row" onSubmit={(event) => void change(event, addTags)}>
      <label for="many-tags">{t("Tags, separated by commas")}</label>
      <input
        id="many-tags"
        ref={field}
        type="text"
        list="many-tags-known"
        autocomplete="off"
        maxLength={400}
        value={typed.value}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      <button type="submit" class="primary" disabled={busy.value}>
        {t("Add")}
      </button>
      <button
        type="button"
        class="secondary"
        disabled={busy.value}
        onClick={(event) => void change(event, takeTags)}
      >
        {t("Take away")}
      </button>
      <TagOptions id="many-tags-known" typed={typed.value} />
    </form>
  );
}
