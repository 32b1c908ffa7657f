/** What the colours of the map say; each is a filter, and something else can be asked for. */
import { nameOfFacet } from "../filters/facetnames";
import { message, type Plain, t } from "../messages/t";
import { ask, question, toggleFilter } from "../route";
import { OF_FACTS, OF_THE_LIBRARY } from "./colourings";
import type { Layout } from "./layout";
import { GROUP_COLOURS } from "./palette";
import { colouring, loadLayout } from "./state";

const LISTS: Readonly<Record<string, Plain>> = { liked: message("Liked"), disliked: message("Disliked") };
const LIST = /^(?:dis)?liked:/;

/** What a group is called in the language of the page. */
export function groupName({ groups, wheres }: Pick<Layout, "groups" | "wheres">, at: number): string {
  const value = groups[at] ?? "";
  const where = wheres[at] ?? "";
  const list = LIST.test(where) ? LISTS[value] : undefined;
  if (list) return t(list);
  return nameOfFacet(where.startsWith("duration_s ") ? "duration_s" : "", { value, where, count: 0 });
}

const isAsked = (where: string): boolean =>
  LIST.test(where) ? question.value.within === where : question.value.filters.includes(where);

function toggle(where: string): void {
  if (LIST.test(where)) ask({ within: question.peek().within === where ? "" : where });
  else toggleFilter(where);
}

const option = ([value, name]: readonly [string, Plain]) => (
  <option key={value} value={value}>
    {t(name)}
  </option>
);

export function Legend({ layout }: { layout: Layout }) {
  const choose = (value: string) => {
    colouring.value = value;
    void loadLayout();
  };
  return (
    <div class="legend">
      <label class="legend-by">
        <span class="unseen">{t("Colours say")}</span>
        <select value={colouring.value} onChange={(event) => choose(event.currentTarget.value)}>
          {OF_THE_LIBRARY.map(option)}
          <optgroup label={t("By measurement")}>{OF_FACTS.map(option)}</optgroup>
        </select>
      </label>
      <ul aria-label={t("Colours")}>
        {layout.groups.slice(0, GROUP_COLOURS).map((_, at) => {
          const where = layout.wheres[at] ?? "";
          const name = groupName(layout, at);
          return (
            <li key={where}>
              <button
                type="button"
                class="plain legend-item"
                aria-pressed={isAsked(where)}
                title={t("Show only {name}, or all", { name })}
                onClick={() => toggle(where)}
              >
                <span class={`dot dot-${at}`} aria-hidden="true" /> <bdi>{name}</bdi>
              </button>
            </li>
          );
        })}
        <li>
          <span class="legend-item">
            <span class="dot dot-none" aria-hidden="true" /> <bdi>{t("others")}</bdi>
          </span>
        </li>
      </ul>
    </div>
  );
}
