/** The parts of a question as chips: wanted or not, how much, which passage. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { clip } from "../api/service";
import { message, type Plain, t } from "../messages/t";
import { answered } from "../results/answers";
import { changePart, question, removePart } from "../route";
import { moment } from "../ui/format";
import { Icon, IconButton, type IconName } from "../ui/icons";
import { ASPECT_NAMES, ASPECTS, CHANGE_NAMES, type Liking } from "./liking";
import { canCut, canWeigh, type Part, type Passage, type Played, type Thing } from "./model";
import { findSound } from "./sounds";
import { BOX, choosingPassage, weighing } from "./state";
import { writePart } from "./url";

const ICONS: Record<Thing["kind"], IconName> = {
  text: "search",
  clip: "more",
  segment: "more",
  audio: "file",
  hum: "hum",
  notes: "hum",
};
/** The weights that the chip's button cycles through. */
const WEIGHTS = [1, 2, 0.5];
const WEIGHT_NAMES = new Map<number, Plain>([
  [0.5, message("a little")],
  [2, message("much")],
]);

export function Chips() {
  const { parts } = question.value;
  const removed = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (removed.current !== null) focusAfter(removed.current);
    removed.current = null;
  }, [parts]);
  const remove = (place: number) => {
    removed.current = place;
    removePart(place);
  };
  return (
    <>
      {parts.map((part, place) => (
        <Chip key={`${place} ${keyOf(part.thing)}`} part={part} place={place} onRemove={remove} />
      ))}
    </>
  );
}

/** A thing's key, without its passage: a chip whose weight or passage changes stays the same chip. */
const keyOf = ({
  passage: _,
  played: __,
  ...thing
}: Thing & { passage?: Passage; played?: Played }): string => writePart({ thing: thing as Thing, weight: 1 });

/** When a chip was removed the focus goes to the one that follows, the last one, or the box. */
function focusAfter(place: number): void {
  const left = document.querySelectorAll<HTMLElement>(".chip-close");
  (left[Math.min(place, left.length - 1)] ?? document.getElementById(BOX))?.focus();
}

interface ChipProps {
  part: Part;
  place: number;
  onRemove: (place: number) => void;
}

function Chip({ part, place, onRemove }: ChipProps) {
  const { thing, weight } = part;
  const name = useName(thing);
  const unwanted = weight < 0;
  const named = WEIGHT_NAMES.get(Math.abs(weight));
  const much = named ? t(named) : Math.abs(weight) === 1 ? "×1" : `× ${Math.abs(weight)}`;
  const heavier = WEIGHTS[(WEIGHTS.indexOf(Math.abs(weight)) + 1) % WEIGHTS.length] ?? 1;
  return (
    <span class={`chip ${unwanted ? "chip-not" : ""} ${name === null ? "chip-lost" : ""}`}>
      <button
        type="button"
        class="chip-sign"
        aria-label={t(unwanted ? "Not like this; make it wanted" : "Like this; make it unwanted")}
        title={t(unwanted ? "Not like this" : "Like this")}
        onClick={() => changePart(place, { weight: -weight })}
      >
        {unwanted ? <Icon name="minus" /> : <Icon name={ICONS[thing.kind]} />}
      </button>
      <span class="chip-name">
        {unwanted && <span class="chip-word">{t("not ")}</span>}
        <bdi>{name ?? t("a sound that is not here")}</bdi>
      </span>
      {canCut(thing) && (
        <button
          type="button"
          class="chip-more"
          title={t("Choose a passage")}
          aria-label={t("{passage}: choose a passage", { passage: passageOf(thing) ?? t("whole") })}
          onClick={() => (choosingPassage.value = place)}
        >
          {passageOf(thing) ?? t("whole")}
        </button>
      )}
      {canWeigh(thing) && !unwanted && (
        <button
          type="button"
          class="chip-more chip-alike"
          title={t("In which way hits should be similar")}
          aria-expanded={weighing.value === place}
          onClick={() => (weighing.value = weighing.peek() === place ? null : place)}
        >
          {likingText(part.liking)}
        </button>
      )}
      <button
        type="button"
        class="chip-more"
        aria-label={t("{much}: how much it counts", { much })}
        title={t("How much it counts")}
        onClick={() => changePart(place, { weight: unwanted ? -heavier : heavier })}
      >
        {much}
      </button>
      <IconButton
        icon="close"
        label={t("Remove {name}", { name: name ?? t("this sound") })}
        class="chip-close"
        onClick={() => onRemove(place)}
      />
    </span>
  );
}

/** A short text of how hits should be like it. */
function likingText({ aspects, changes = [] }: Liking = {}): string {
  const weighed = ASPECTS.filter((one) => aspects && aspects[one] > 0).map((one) => {
    const weight = aspects?.[one] ?? 1;
    return t(ASPECT_NAMES[one]) + (weight === 1 ? "" : ` ${weight}`);
  });
  return [...weighed, ...changes.map((one) => t(CHANGE_NAMES[one]))].join(", ") || t("alike");
}

/** The passage, track and speed of a sound, as far as they are not the whole sound at its own speed. */
function passageOf(thing: Thing): string | null {
  const { track, speed } = (thing.kind === "audio" && thing.played) || {};
  const said = [
    momentsOf(thing),
    track === undefined ? null : `@${track}`,
    speed === undefined ? null : t("{speed} × speed", { speed: String(speed) }),
  ];
  return said.filter(Boolean).join(", ") || null;
}

function momentsOf(thing: Thing): string | null {
  if (!("passage" in thing) || !thing.passage) return null;
  return `${moment(thing.passage.start_s)}–${moment(thing.passage.end_s)}`;
}

/** A part's label; null for a sound that this browser does not have. */
function useName(thing: Thing): string | null {
  const [name, setName] = useState<string | null>(() => knownName(thing));
  useEffect(() => {
    let current = true;
    void findName(thing).then((found) => current && setName(found));
    return () => {
      current = false;
    };
  }, [thing]);
  return name;
}

function knownName(thing: Thing): string {
  if (thing.kind === "text") return thing.text;
  if (thing.kind === "notes") return thing.notes;
  if (thing.kind === "segment") return t("passage {id}", { id: String(thing.id) });
  if (thing.kind === "clip") {
    const row = answered.peek()?.rows.find((one) => one.clip_id === thing.id);
    return row?.title ?? t("sound {id}", { id: String(thing.id) });
  }
  return "…";
}

async function findName(thing: Thing): Promise<string | null> {
  if (thing.kind === "audio" || thing.kind === "hum") return (await findSound(thing.file))?.name ?? null;
  if (thing.kind !== "clip") return knownName(thing);
  try {
    return (await clip(thing.id)).title;
  } catch {
    return null;
  }
}
