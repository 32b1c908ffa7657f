/** The collection as a map: every clip a point, those close that sound alike. */
import { isFiltered } from "../question/model";
import { useEffect } from "preact/hooks";
import { startJob, waitForJob } from "../api/service";
import { Chosen } from "../filters/side";
import { Inspector } from "../inspector/lazy";
import { isEmptyLibrary } from "../library/facts";
import { t } from "../messages/t";
import { QuestionBox } from "../question/box";
import { ask, question } from "../route";
import { answered } from "../results/answers";
import { inspected } from "../results/selection";
import { EmptyLibraryScreen } from "../screens";
import { Icon, IconButton } from "../ui/icons";
import { sayFailure } from "../ui/toasts";
import { useSignal } from "@preact/signals";
import { MapCanvas } from "./canvas";
import { Caught } from "./caught";
import { Legend } from "./legend";
import { followFilters, followLayout, hearing, lassoing, layout, loadLayout } from "./state";
import "../styles/map.css";

export function MapView() {
  useEffect(() => {
    const ends = [followLayout(), followFilters()];
    return () => ends.forEach((end) => end());
  }, []);
  if (isEmptyLibrary()) return <EmptyLibraryScreen />;
  const now = layout.value;
  return (
    <div class={`search-view map-view ${inspected.value ? "with-inspector" : ""}`}>
      <QuestionBox />
      <main id="main" class="results" tabIndex={-1}>
        <h1 class="unseen">{t("Map")}</h1>
        {now === "none" && <NotDrawn />}
        {now !== null && now !== "none" && (
          <>
            <div class="map-asked">
              <Chosen
                filters={question.value.filters}
                region=""
                within={question.value.within}
                facets={null}
              />
            </div>
            <Tools />
            <div class="map-and-list">
              <MapCanvas layout={now} />
              <Caught />
            </div>
            <Legend layout={now} />
          </>
        )}
      </main>
      {inspected.value && <Inspector row={inspected.value} />}
    </div>
  );
}

function Tools() {
  const { region } = question.value;
  return (
    <div class="map-tools">
      <p class="summary" role="status">
        {summary()}
      </p>
      {region && (
        <button type="button" class="plain" onClick={() => ask({ region: "" })}>
          {t("Whole map")}
        </button>
      )}
      <IconButton
        icon="lasso"
        label={t("Draw around sounds to filter")}
        pressed={lassoing.value}
        onClick={() => (lassoing.value = !lassoing.value)}
      />
      <button
        type="button"
        class="tool"
        aria-pressed={hearing.value}
        onClick={() => (hearing.value = !hearing.value)}
        title={t("Point at a sound to hear it")}
      >
        <Icon name={hearing.value ? "check" : "play"} /> {t("Hear")}
      </button>
    </div>
  );
}

/** What the question shows on the map. */
function summary(): string {
  const now = answered.value;
  if (!now) return "";
  if (now.refusal) return now.refusal;
  if (now.verdict === "none") return t("Nothing in this library sounds like that.");
  if (now.verdict) return t("{n} sound lit|{n} sounds lit", { n: now.rows.length });
  return isFiltered(question.value) ? t("{n} sound|{n} sounds", { n: now.total ?? now.rows.length }) : "";
}

function NotDrawn() {
  const drawing = useSignal(false);
  const share = useSignal(0);
  const draw = async () => {
    drawing.value = true;
    try {
      await waitForJob(await startJob("map"), (job) => (share.value = job.progress.share));
      await loadLayout();
    } catch (error) {
      sayFailure(t("The map could not be drawn"), error);
    }
    drawing.value = false;
  };
  return (
    <section class="screen" aria-label={t("No map yet")}>
      <span class="screen-icon">
        <Icon name="lasso" />
      </span>
      <h2>{t("The map is not drawn yet")}</h2>
      <p>{t("The map places similar sounds close together. Drawing it takes about a minute, once.")}</p>
      <button type="button" class="primary" disabled={drawing.value} onClick={() => void draw()}>
        {t(drawing.value ? "Drawing …" : "Draw the map")}
      </button>
      {drawing.value && (
        <progress
          class={share.value === 0 ? "breathing" : ""}
          max={1}
          value={share.value}
          aria-label={t("Draw the map")}
        />
      )}
    </section>
  );
}
