/** The side bar: facets of the answer, and filters. */
import { useRef, useState } from "preact/hooks";
import { Refused } from "../api/client";
import { checkFilter, type Facets } from "../api/service";
import { t } from "../messages/t";
import { facetOf, isFiltered, UNFILTERED } from "../question/model";
import { writeQuestion } from "../question/url";
import { ask, question, toggleFilter } from "../route";
import { answered } from "../results/answers";
import { searchesShown, unseen } from "../searches/state";
import { count } from "../ui/format";
import { IconButton } from "../ui/icons";
import { later } from "../ui/later";
import { rememberedOpen } from "../ui/remembered";
import { nameOfFacet } from "./facetnames";
import { filtersShown } from "./state";

type Facet = Facets["tags"][number];

const SHOWN = 8;
/** Whether liked sounds and collections are shown; they are only fetched when they are. */
const listsShown = rememberedOpen("soundalike.lists");
/** Whether sliders of numbers are shown. */
const rangesShown = rememberedOpen("soundalike.ranges");

const SavedSearches = later(() => import("../searches/list").then((module) => module.SavedSearches));
const RangeSliders = later(() => import("./rangesliders").then((module) => module.RangeSliders));
const Lists = later(() => import("../collections/lists").then((module) => module.Lists));
const ListName = later(() => import("../collections/lists").then((module) => module.ListName));

export function Filters() {
  const { filters, region, within } = question.value;
  const facets = answered.value?.facets ?? null;
  const likely = answered.value?.likely;
  return (
    <aside class={`side ${filtersShown.value ? "side-open" : ""}`} aria-label={t("Filters")}>
      <header class="side-head">
        <h2>{t("Filters")}</h2>
        {isFiltered(question.value) && (
          <button type="button" class="plain" onClick={() => ask(UNFILTERED)}>
            {t("Clear")}
          </button>
        )}
        <IconButton
          icon="close"
          label={t("Close filters")}
          class="side-close"
          onClick={() => (filtersShown.value = false)}
        />
      </header>
      <Chosen filters={filters} region={region} within={within} facets={facets} />
      <details
        class="group lists"
        open={listsShown.value}
        onToggle={(event) => (listsShown.value = event.currentTarget.open)}
      >
        <summary>{t("Lists")}</summary>
        {listsShown.value && <Lists />}
      </details>
      <details
        class="group searches"
        open={searchesShown.value}
        onToggle={(event) => (searchesShown.value = event.currentTarget.open)}
      >
        <summary>
          {t("Saved searches")}
          {unseen.value > 0 && <span class="new-count">{t("{n} new|{n} new", { n: unseen.value })}</span>}
        </summary>
        {searchesShown.value && <SavedSearches />}
      </details>
      <details
        class="group"
        open={rangesShown.value}
        onToggle={(event) => (rangesShown.value = event.currentTarget.open)}
      >
        <summary>{t("Ranges")}</summary>
        {rangesShown.value && <RangeSliders />}
      </details>
      {facets && (
        <>
          {likely && likely.clips > 0 && (
            <p class="quiet counted">
              {t("Of the {n} likely sound|Of the {n} likely sounds", { n: likely.clips })}
            </p>
          )}
          <Group title={t("Your tags")} column="own_tag" values={facets.own_tags} />
          <Group title={t("Sounds like")} column="tag" values={facets.tags} />
          <Group title={t("Length")} column="duration_s" values={facets.durations} />
          <Group
            title={t("Folder")}
            column="folder"
            values={facets.folders.filter((one) => one.value !== "")}
          />
          <Group title={t("Added")} column="added" values={facets.added} />
        </>
      )}
      <OwnFilter />
    </aside>
  );
}

/** Filters that hold and are none of the facets shown below: each can be taken away. */
export function Chosen({
  filters,
  region,
  within,
  facets,
}: {
  filters: readonly string[];
  region: string;
  within: string;
  facets: Facets | null;
}) {
  const groups = facets ? [facets.own_tags, facets.tags, facets.durations, facets.folders, facets.added] : [];
  const shown = new Set(groups.flat().map((one) => one.where));
  const others = filters.filter((where) => !shown.has(where));
  if (others.length === 0 && !region && !within) return null;
  return (
    <ul class="chosen">
      {region && (
        <li>
          <span>{t("a region of the map")}</span>
          <IconButton
            icon="close"
            label={t("Remove the region of the map")}
            onClick={() => ask({ region: "" })}
          />
        </li>
      )}
      {within && (
        <li>
          <ListName within={within} />
          <IconButton icon="close" label={t("Remove the list")} onClick={() => ask({ within: "" })} />
        </li>
      )}
      {others.map((where) => (
        <li key={where}>
          <code>{where}</code>
          <IconButton
            icon="close"
            label={t("Remove the filter {filter}", { filter: where })}
            onClick={() => toggleFilter(where)}
          />
        </li>
      ))}
    </ul>
  );
}

const without = (where: string): string => `not (${where})`;

/** Exclude a facet's value, or stop excluding it; a filter for the same value is removed. */
function exclude(where: string): void {
  const { filters } = question.peek();
  const others = filters.filter((one) => one !== where && one !== without(where));
  ask({ filters: filters.includes(without(where)) ? others : [...others, without(where)] });
}

interface GroupProps {
  title: string;
  column: string;
  values: readonly Facet[];
}

function Group({ title, column, values: found }: GroupProps) {
  const [all, setAll] = useState(false);
  const { filters } = question.value;
  const values = useChoices(column, found);
  if (values.length === 0) return null;
  const shown = all ? values : values.filter((one, place) => place < SHOWN || filters.includes(one.where));
  const most = Math.max(...values.map((one) => one.count));
  return (
    <fieldset class="group facets">
      <legend>{title}</legend>
      {shown.map((one) => (
        <FacetLine
          key={one.where}
          value={one}
          name={nameOfFacet(column, one)}
          most={most}
          filters={filters}
        />
      ))}
      {values.length > SHOWN && (
        <button type="button" class="plain" onClick={() => setAll(!all)}>
          {all ? t("Fewer") : t("All {count}", { count: values.length })}
        </button>
      )}
    </fieldset>
  );
}

interface FacetLineProps {
  value: Facet;
  name: string;
  most: number;
  filters: readonly string[];
}

/** The first page has dozens of these, so its line, its bar and the sign of the button are the style sheet's. */
function FacetLine({ value: { where, count: clips }, name, most, filters }: FacetLineProps) {
  const leaveOut = t("Without {name}", { name });
  return (
    <>
      <label class="facet" style={`--share: ${(clips / most) * 100}%`}>
        <input type="checkbox" checked={filters.includes(where)} onChange={() => toggleFilter(where)} />
        <bdi class="facet-name">{name}</bdi>
        <span class="facet-count">{count(clips)}</span>
      </label>
      <button
        type="button"
        class="icon-button facet-not"
        title={leaveOut}
        aria-pressed={filters.includes(without(where))}
        onClick={() => exclude(where)}
      >
        {leaveOut}
      </button>
    </>
  );
}

/**
 * The boxes of a facet. The service counts only what passes all filters, so the other boxes of a facet would vanish when
 * one is chosen: those that were there before stay until another question is asked.
 */
function useChoices(column: string, found: readonly Facet[]): readonly Facet[] {
  const before = useRef<{ asked: string; values: readonly Facet[] }>({ asked: "", values: [] });
  const answer = answered.value?.question;
  if (!answer) return found;
  const { filters } = answer;
  const asked = writeQuestion({ ...answer, filters: filters.filter((one) => !facetOf(one)) }).toString();
  if (!filters.some((one) => facetOf(one) === column)) before.current = { asked, values: found };
  if (before.current.asked !== asked) return found;
  const counted = new Map(found.map((one) => [one.where, one]));
  return before.current.values.map((one) => counted.get(one.where) ?? one);
}

/** The field for a filter in the service's filter language. */
function OwnFilter() {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const add = async (event: Event) => {
    event.preventDefault();
    const filter = text.trim();
    if (!filter) return;
    try {
      await checkFilter(filter);
    } catch (error) {
      if (error instanceof Refused && error.status === 422) return setWrong(error.message);
    }
    setWrong("");
    // What was typed while this filter was checked stays in the field.
    setText((typed) => (typed.trim() === filter ? "" : typed));
    if (!question.peek().filters.includes(filter)) toggleFilter(filter);
  };
  return (
    <form class="own-filter" onSubmit={(event) => void add(event)}>
      <label for="own-filter">{t("Filter of your own")}</label>
      <div class="field-row">
        <input
          id="own-filter"
          type="text"
          value={text}
          placeholder={t('title ~ "door"')}
          aria-invalid={wrong !== ""}
          aria-describedby={wrong ? "own-filter-wrong" : undefined}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button
          type="submit"
          class="icon-button icon-plus"
          aria-label={t("Add the filter")}
          title={t("Add the filter")}
        />
      </div>
      {wrong && (
        <p id="own-filter-wrong" class="refusal" role="alert">
          <bdi>{wrong}</bdi>
        </p>
      )}
    </form>
  );
}
