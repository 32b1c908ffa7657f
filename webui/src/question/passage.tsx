/** Choosing the passage of a sound that is a chip of the question. */
import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { peaks } from "../api/service";
import { t, tx } from "../messages/t";
import { changePart, question } from "../route";
import { Dialog } from "../ui/dialog";
import { moment } from "../ui/format";
import { Icon } from "../ui/icons";
import { PassageFields } from "../ui/passagefields";
import { makeWaveform, type PassageWaveform, type Shape } from "../ui/passagewaveform";
import { canCut, type CutThing, isSpeed, LAST_TRACK, type Passage, type Played } from "./model";
import { makePreview } from "./preview";
import { decodeSound, findSound } from "./sounds";
import { choosingPassage } from "./state";

const BUCKETS = 800;

export function PassagePicker() {
  const place = choosingPassage.value ?? -1;
  const part = question.value.parts[place];
  const close = () => (choosingPassage.value = null);
  if (!part || !canCut(part.thing)) return null;
  return (
    <Dialog title={t("Choose a passage")} onClose={close}>
      <Picker
        thing={part.thing}
        onChosen={(passage, played) => {
          const { passage: _, ...whole } = withPlayed(part.thing as CutThing, played);
          changePart(place, { thing: passage ? { ...whole, passage } : whole });
          close();
        }}
      />
    </Dialog>
  );
}

function withPlayed(thing: CutThing, played: Played): CutThing {
  if (thing.kind !== "audio") return thing;
  const { played: _, ...plain } = thing;
  return Object.keys(played).length > 0 ? { ...plain, played } : plain;
}

interface PickerProps {
  thing: CutThing;
  onChosen: (passage: Passage | null, played: Played) => void;
}

/** A sound to hear and to cut. */
export function Picker({ thing, onChosen }: PickerProps) {
  const container = useRef<HTMLDivElement>(null);
  const waveform = useRef<PassageWaveform | null>(null);
  const passage = useSignal<Passage | null>(thing.passage ?? null);
  const played = useSignal<Played>((thing.kind === "audio" && thing.played) || {});
  const duration_s = useSignal<number | null>(null);
  const failed = useSignal(false);
  const preview = useMemo(() => makePreview(thing), []);

  useEffect(() => {
    let current = true;
    shapeOf(thing).then(
      (shape) => {
        if (!current || !container.current) return;
        duration_s.value = shape.duration_s;
        waveform.current = makeWaveform(container.current, shape, passage.peek(), {
          onPassage: (chosen) => (passage.value = chosen),
          onSeek: preview.playFrom,
        });
      },
      () => (failed.value = true),
    );
    return () => {
      current = false;
      waveform.current?.destroy();
      preview.close();
    };
  }, []);
  useSignalEffect(() => {
    const at_s = preview.position.value;
    waveform.current?.setTime(at_s);
  });

  return (
    <div class="picker">
      {failed.value && (
        <p class="refusal">
          {t("This browser cannot draw this sound. Enter the passage as numbers instead.")}
        </p>
      )}
      <div
        ref={container}
        class="cutter-wave"
        role="img"
        aria-label={t("Waveform; drag to choose a passage")}
      />
      <p class="quiet">
        {passage.value
          ? t("From {start} to {end}", {
              start: moment(passage.value.start_s),
              end: moment(passage.value.end_s),
            })
          : t("Drag over the waveform to choose a passage, or enter its start and end.")}
      </p>
      <PassageFields
        passage={passage.value}
        duration_s={duration_s.value}
        onTyped={(typed) => {
          passage.value = typed;
          waveform.current?.setPassage(typed);
        }}
      />
      {thing.kind === "audio" && <PlayedFields played={played} />}
      {preview.failed.value && (
        <p class="refusal" role="alert">
          {t("This browser cannot play this sound.")}
        </p>
      )}
      <div class="field-row">
        <button
          type="button"
          class="primary"
          disabled={!passage.value}
          onClick={() => onChosen(passage.value, played.value)}
        >
          {t("Ask for this passage")}
        </button>
        <button type="button" class="secondary" onClick={() => onChosen(null, played.value)}>
          {t("Ask for all of it")}
        </button>
        <button type="button" class="secondary" onClick={() => preview.toggle(passage.peek())}>
          <Icon name={preview.playing.value ? "pause" : "play"} />{" "}
          {t(preview.playing.value ? "Pause" : passage.value ? "Play the passage" : "Play all of it")}
        </button>
      </div>
    </div>
  );
}

/** Speed and track: for ultrasonic recordings such as bats, and films with a track for each language. */
function PlayedFields({ played }: { played: Signal<Played> }) {
  const { track, speed } = played.peek(); // what is typed is not taken back while it is typed
  const change = (name: keyof Played, typed: string, allowed: (value: number) => boolean) => {
    const { [name]: _, ...others } = played.peek();
    const value = Number(typed);
    played.value = typed !== "" && allowed(value) ? { ...others, [name]: value } : others;
  };
  return (
    <details class="passage-fields" open={track !== undefined || speed !== undefined}>
      <summary>{t("Speed and sound track")}</summary>
      <div class="field-row">
        <label>
          {tx("played at {field} times its speed", {
            field: (
              <input
                type="number"
                min={0.001}
                max={1000}
                step="any"
                placeholder="1"
                defaultValue={speed}
                onChange={({ currentTarget: { value } }) =>
                  change("speed", value, (one) => isSpeed(one) && one !== 1)
                }
              />
            ),
          })}
        </label>
        <label>
          {t("sound track")}{" "}
          <input
            type="number"
            min={0}
            max={LAST_TRACK}
            step={1}
            placeholder={t("first")}
            defaultValue={track}
            title={t("Counted from 0; if empty, the first track that is not silent")}
            onChange={({ currentTarget: { value } }) =>
              change("track", value, (one) => Number.isInteger(one) && one >= 0 && one <= LAST_TRACK)
            }
          />
        </label>
      </div>
    </details>
  );
}

async function shapeOf(thing: CutThing): Promise<Shape> {
  if (thing.kind === "clip") {
    const found = await peaks(thing.id, BUCKETS);
    return { peaks: found.high, duration_s: found.end_s };
  }
  const file = await findSound(thing.file);
  if (!file) throw new Error(t("a sound that is not here"));
  const decoded = await decodeSound(file);
  return { peaks: shrink(decoded.getChannelData(0)), duration_s: decoded.duration };
}

/** The peak of each of equally long stretches. */
function shrink(samples: Float32Array): number[] {
  const step = Math.max(1, Math.floor(samples.length / BUCKETS));
  return Array.from({ length: Math.ceil(samples.length / step) }, (_, place) =>
    samples
      .subarray(place * step, (place + 1) * step)
      .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
  );
}
