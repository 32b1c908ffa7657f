/** How hits should be like a sound of the question: a slider for each aspect, and buttons for differences. */
import { useEffect, useRef } from "preact/hooks";
import { message, t, type Plain } from "../messages/t";
import { changePart, question } from "../route";
import { nameOf } from "../title";
import { IconButton } from "../ui/icons";
import {
  type Aspect,
  ASPECT_NAMES,
  ASPECTS,
  CHANGE_NAMES,
  changed,
  CHANGES,
  type Liking,
  PLAIN,
  weighed,
} from "./liking";
import { canWeigh } from "./model";
import { weighing } from "./state";

const MEANS = {
  kind: message("what kind of sound it is, as the encoder hears it"),
  timbre: message("its tone colour, whatever its pitch and envelope"),
  pitch: message("how high or low it is"),
  envelope: message("how it rises and falls, and how long it lasts"),
  rhythm: message("how its onsets repeat"),
} satisfies Record<Aspect, Plain>;
const STEP = 0.1;

export function Likeness() {
  const place = weighing.value;
  const part = place === null ? undefined : question.value.parts[place];
  const heading = useRef<HTMLHeadingElement>(null);
  /** Whether the adjustments have a history entry already, which they share. */
  const noted = useRef(false);
  const isThere = part !== undefined && part.weight > 0 && canWeigh(part.thing);
  useEffect(() => {
    noted.current = false;
    heading.current?.focus();
  }, [place]);
  useEffect(() => {
    if (!isThere) weighing.value = null;
  }, [isThere]);
  if (place === null || !isThere) return null;
  const liking = part.liking ?? {};
  const change = (next: Liking) => {
    changePart(place, { liking: next }, { replace: noted.current });
    noted.current = true;
  };
  const close = () => {
    weighing.value = null;
    document
      .querySelectorAll<HTMLElement>(".chip")
      [place]?.querySelector<HTMLElement>(".chip-alike")
      ?.focus();
  };
  return (
    <section
      class="likeness"
      aria-label={t("In which way")}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <header class="jobs-head">
        <h2 ref={heading} tabIndex={-1}>
          <bdi>{t("In which way: {what}", { what: nameOf(part) })}</bdi>
        </h2>
        <button type="button" class="plain" onClick={() => change({})}>
          {t("Reset")}
        </button>
        <IconButton icon="close" label={t("Close")} onClick={close} />
      </header>
      <div class="aspects">
        {ASPECTS.map((aspect) => (
          <Slider
            key={aspect}
            aspect={aspect}
            weight={(liking.aspects ?? PLAIN)[aspect]}
            onWeigh={(weight) => change(weighed(liking, aspect, weight))}
          />
        ))}
      </div>
      <p class="changes" role="group" aria-label={t("But")}>
        <span class="quiet">{t("But")}</span>
        {CHANGES.map((one) => (
          <button
            key={one}
            type="button"
            class="plain change"
            aria-pressed={liking.changes?.includes(one) ?? false}
            onClick={() => change(changed(liking, one))}
          >
            {t(CHANGE_NAMES[one])}
          </button>
        ))}
      </p>
    </section>
  );
}

interface SliderProps {
  aspect: Aspect;
  weight: number;
  onWeigh: (weight: number) => void;
}

function Slider({ aspect, weight, onWeigh }: SliderProps) {
  return (
    <label class="aspect" title={t(MEANS[aspect])}>
      <span class="aspect-name">{t(ASPECT_NAMES[aspect])}</span>
      <input
        type="range"
        min={0}
        max={1}
        step={STEP}
        value={Math.min(1, weight)}
        onInput={(event) => onWeigh(event.currentTarget.valueAsNumber)}
      />
      <output>{weight}</output>
    </label>
  );
}
