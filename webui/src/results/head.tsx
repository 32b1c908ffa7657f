/** The column titles above the rows: pressing one sorts by it, then in reverse, then no longer. */
import { message, t } from "../messages/t";
import { by, go, order } from "../route";
import { answered } from "./answers";
import { type Column, columnsShown } from "./columns";
import { NEWEST_FIRST } from "../question/order";

export function ColumnHead() {
  return (
    <div class="row row-head" role="row">
      <span class="row-play" role="columnheader">
        <span class="unseen">{t("Play")}</span>
      </span>
      <SortTitle class="row-name" title={message("Name")} means={message("by title")} sort="title" />
      <span class="row-wave" role="columnheader">
        <span class="unseen">{t("Waveform")}</span>
      </span>
      <span class="row-tags" role="columnheader">
        {t("Tags")}
      </span>
      <span class="row-facts" role="presentation">
        {columnsShown().map((column) => (
          <SortTitle key={column.name} {...column} class="row-fact" />
        ))}
      </span>
      <span class="row-score" role="columnheader">
        <span class="unseen">{t("Certainty")}</span>
      </span>
      <span class="row-actions" role="columnheader">
        <span class="unseen">{t("Actions")}</span>
      </span>
    </div>
  );
}

type TitleProps = Pick<Column, "title" | "means" | "sort"> & { class: string; width_rem?: number };

function SortTitle({ title, means, sort, width_rem, class: extra }: TitleProps) {
  const asked = answered.value?.verdict != null;
  const now = asked ? by.value : order.value;
  const next = now === sort ? `-${sort}` : now === `-${sort}` ? (asked ? "" : NEWEST_FIRST) : sort;
  const width = width_rem === undefined ? {} : { style: { width: `${width_rem}rem` } };
  return (
    <span
      class={extra}
      role="columnheader"
      {...width}
      {...(sort && { "aria-sort": sortedAs(sort, answered.value?.sorted) })}
    >
      {next === null ? (
        <span title={t(means)}>{t(title)}</span>
      ) : (
        <button
          type="button"
          class="sort-title"
          title={t("{what}: {why}", { what: t(title), why: t(means) })}
          onClick={() => go(asked ? { by: next } : { order: next })}
        >
          {t(title)}
        </button>
      )}
    </span>
  );
}

/** How the rows are sorted by a column. */
const sortedAs = (sort: string, shown = "") =>
  shown === sort ? "ascending" : shown === `-${sort}` ? "descending" : "none";
