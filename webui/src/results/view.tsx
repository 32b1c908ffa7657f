/** The search view: the box, filters, the list of sounds, the inspector. */
import { useSignal } from "@preact/signals";
import { Filters } from "../filters/side";
import { filtersShown } from "../filters/state";
import { ForYou } from "../foryou/strip";
import { Inspector } from "../inspector/lazy";
import { isEmptyLibrary } from "../library/facts";
import { fixed, languageName } from "../messages/numbers";
import { type Plain, t } from "../messages/t";
import { auditioning } from "../player/settings";
import { QuestionBox } from "../question/box";
import { hasWords, isEmpty } from "../question/model";
import { FACT_ORDERS, HIT_ORDERS, ORDERS } from "../question/order";
import { WORD_LANGUAGES } from "../question/words";
import { ask, by, go, order, question } from "../route";
import { unseen } from "../searches/state";
import { Icon, IconButton } from "../ui/icons";
import { later } from "../ui/later";
import { type Answered, answered, waiting } from "./answers";
import { compact } from "./density";
import { ResultList } from "./list";
import { selected, selecting, toggleSelecting } from "./many";
import { Notes } from "./notes";
import { isOrdering } from "./ordering";
import { inspected } from "./selection";

const EmptyLibraryScreen = later(() => import("../screens").then((module) => module.EmptyLibraryScreen));
const NoMatchScreen = later(() => import("../screens").then((module) => module.NoMatchScreen));
const RefusedScreen = later(() => import("../screens").then((module) => module.RefusedScreen));
const ColumnMenu = later(() => import("./columnmenu").then((module) => module.ColumnMenu));
const ManyBar = later(() => import("./manybar").then((module) => module.ManyBar));

export function SearchView() {
  if (isEmptyLibrary()) return <EmptyLibraryScreen />;
  return (
    <div class={`search-view ${inspected.value ? "with-inspector" : ""}`}>
      <QuestionBox />
      <Filters />
      <main id="main" class="results" tabIndex={-1}>
        <Results />
      </main>
      {inspected.value && <Inspector row={inspected.value} />}
    </div>
  );
}

function Results() {
  const now = answered.value;
  const browsing = isEmpty(question.value);
  const choosing = useSignal(false);
  return (
    <>
      <h1 class="unseen">{t(browsing ? "All sounds" : "Sounds found")}</h1>
      {browsing && <ForYou />}
      <header class="results-head">
        <p class="summary" role="status">
          {now ? summary() : waiting.value ? t("Searching …") : ""}
        </p>
        <span class={`busy ${waiting.value || isOrdering.value ? "busy-on" : ""}`} aria-hidden="true" />
        <span class="results-tools">
          <IconButton
            icon="audition"
            label={t("Audition: what you choose plays at once")}
            shortcut="A"
            pressed={auditioning.value}
            onClick={() => (auditioning.value = !auditioning.value)}
          />
          <IconButton
            icon="rows"
            label={t("Low rows, file name first")}
            pressed={compact.value}
            onClick={() => (compact.value = !compact.value)}
          />
          <IconButton
            icon="check"
            label={t("Select several")}
            class="select-button"
            pressed={selecting.value}
            onClick={toggleSelecting}
          />
          <IconButton
            icon="columns"
            label={t("Columns")}
            class="columns-button"
            expanded={choosing.value}
            onClick={() => (choosing.value = !choosing.value)}
          />
          {now && (now.language || question.value.language) && hasWords(question.value) && (
            <WordsLanguage found={now.language} />
          )}
          <Order browsing={browsing} />
          <button
            type="button"
            class="tool filters-button"
            aria-expanded={filtersShown.value}
            onClick={() => (filtersShown.value = !filtersShown.value)}
          >
            <Icon name="filter" /> {t("Filters")}
            {unseen.value > 0 && <b class="badge">{t("{n} new|{n} new", { n: unseen.value })}</b>}
            {question.value.filters.length > 0 && <b class="badge">{question.value.filters.length}</b>}
          </button>
        </span>
      </header>
      {choosing.value && <ColumnMenu />}
      <Notes />
      {(selecting.value || selected.value.size > 0) && <ManyBar />}
      {now?.refusal && <RefusedScreen why={now.refusal} asked={now.question} />}
      {now && !now.refusal && (now.verdict === "none" || now.rows.length === 0) && (
        <NoMatchScreen answered={now} />
      )}
      {now && now.rows.length > 0 && <ResultList />}
    </>
  );
}

/** In which language the words of the question are read: as the service found out, or as it is said. */
function WordsLanguage({ found }: { found: string }) {
  const chosen = question.value.language;
  return (
    <label class="sort">
      <span class="unseen">{t("Language of the words")}</span>
      <select value={chosen} onChange={({ currentTarget: { value } }) => ask({ language: value })}>
        <option value="">
          {chosen || !found
            ? t("detect language")
            : t("detected: {language}", { language: languageName(found) })}
        </option>
        {WORD_LANGUAGES.map((code) => (
          <option key={code} value={code}>
            {languageName(code)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** In which order sounds are listed; hits that are equally sure. */
function Order({ browsing }: { browsing: boolean }) {
  const option = ([value, name]: readonly [string, Plain]) => (
    <option key={value} value={value}>
      {t(name)}
    </option>
  );
  return (
    <label class="sort">
      <span class="unseen">{t(browsing ? "Order" : "Order of what is equally sure")}</span>
      <select
        value={browsing ? order.value : by.value}
        onChange={({ currentTarget: { value } }) => go(browsing ? { order: value } : { by: value })}
      >
        {(browsing ? ORDERS : HIT_ORDERS).map(option)}
        <optgroup label={t("By measurement")}>{FACT_ORDERS.map(option)}</optgroup>
      </select>
    </label>
  );
}

/** How many sounds are likely, of an answer that has more than these. */
function likelyText({ likely, rows, total }: Answered): string | null {
  if (!likely || likely.clips === 0 || (total !== null && likely.clips >= rows.length)) return null;
  const values = { n: likely.clips };
  return likely.is_all
    ? t("{n} likely, then less|{n} likely, then less", values)
    : t("more than {n} likely|more than {n} likely", values);
}

function summary(): string {
  const now = answered.value;
  if (!now || now.refusal) return "";
  if (now.verdict === null) return t("{n} sound|{n} sounds", { n: now.total ?? now.rows.length });
  const took = now.took_ms < 10 ? fixed(now.took_ms, 1) : fixed(now.took_ms, 0);
  if (now.rows.length === 0) return t("Nothing found");
  const first = t(now.sorted ? "surest first, then as sorted" : "closest first");
  const sounds = likelyText(now) ?? (now.total === null ? null : t("{n} sound|{n} sounds", { n: now.total }));
  const all = !sounds ? first : now.sorted ? t("{sounds}, {first}", { sounds, first }) : sounds;
  const values = { all, took };
  if (now.verdict === "weak") return t("no close match: {all}, {took} ms", values);
  if (now.verdict === "none") return t("far from what you asked for: {all}, {took} ms", values);
  return t("{all}, {took} ms", values);
}
