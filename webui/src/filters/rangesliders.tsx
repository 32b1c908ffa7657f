/** Sliders for numbers that filters know: length, loudness, tempo, brightness. */
import { useState } from "preact/hooks";
import { t } from "../messages/t";
import { ask, question } from "../route";
import { duration } from "../ui/format";
import { ALL, type Range, readRange, type Scale, SCALES, stepOf, STEPS, valueAt, withRange } from "./ranges";

export function RangeSliders() {
  return (
    <>
      {SCALES.map((scale) => (
        <RangeGroup key={scale.column} scale={scale} />
      ))}
    </>
  );
}

const UNITS: Readonly<Record<string, (value: number) => string>> = {
  duration_s: duration,
  loudness: (value) => `${value} LUFS`,
  tempo: (value) => `${value} BPM`,
  centroid_hz: (value) => `${value} Hz`,
};

function RangeGroup({ scale }: { scale: Scale }) {
  const { column } = scale;
  const { filters } = question.value;
  const found = filters.map((one) => readRange(column, one)).find((one) => one !== null);
  const asked = found ?? ALL;
  /** While a slider is moved, before it is let go. */
  const [moved, setMoved] = useState<Range | null>(null);
  const range = moved ?? asked;
  const set = (next: Range) => {
    setMoved(null);
    ask({ filters: withRange(question.peek().filters, column, next) }, { replace: found !== undefined });
  };
  const written = UNITS[column] ?? String;
  const text = (value: number | null) => (value === null ? t("any") : written(value));
  return (
    <fieldset class="group range">
      <legend>{t(scale.title)}</legend>
      {(["from", "to"] as const).map((end) => {
        const at = range[end];
        const edge = end === "from" ? 0 : STEPS;
        const after = (step: number): Range => bounded(scale, range, end, step === edge ? null : step);
        return (
          <label key={end} class="range-line">
            <span>{end === "from" ? t("from") : t("to")}</span>
            <input
              type="range"
              min={0}
              max={STEPS}
              value={at === null ? edge : stepOf(scale, at)}
              aria-label={
                end === "from"
                  ? t("{what} from", { what: t(scale.title) })
                  : t("{what} to", { what: t(scale.title) })
              }
              aria-valuetext={text(at)}
              onInput={(event) => setMoved(after(event.currentTarget.valueAsNumber))}
              onChange={(event) => set(after(event.currentTarget.valueAsNumber))}
            />
            <output>{text(at)}</output>
          </label>
        );
      })}
      {(asked.from !== null || asked.to !== null) && (
        <p class="range-tools">
          <label class="check">
            <input
              type="checkbox"
              checked={asked.isExcluded}
              onChange={(event) => set({ ...asked, isExcluded: event.currentTarget.checked })}
            />
            {t("exclude these")}
          </label>
          <button type="button" class="plain" onClick={() => set(ALL)}>
            {t("Any")}
          </button>
        </p>
      )}
    </fieldset>
  );
}

/** The range with one end moved; the other end goes along rather than being passed. */
function bounded(scale: Scale, range: Range, end: "from" | "to", step: number | null): Range {
  const value = step === null ? null : valueAt(scale, step);
  const next = { ...range, [end]: value };
  if (next.from !== null && next.to !== null && next.from > next.to)
    next[end === "from" ? "to" : "from"] = value;
  return next;
}
