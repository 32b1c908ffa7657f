/** Choosing the passage of a sound that is a chip of the question. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { peaks } from "../api/service";
import { changePart, question } from "../route";
import { Dialog } from "../ui/dialog";
import { moment } from "../ui/format";
import { makeWaveform, type Shape } from "../ui/passagewaveform";
import type { Passage, Thing } from "./model";
import { findSound } from "./sounds";
import { choosingPassage } from "./state";

const BUCKETS = 800;

export function PassagePicker() {
  const place = choosingPassage.value ?? -1;
  const part = question.value.parts[place];
  const close = () => (choosingPassage.value = null);
  if (!part || !canCut(part.thing)) return null;
  return (
    <Dialog title="Choose a passage" onClose={close}>
      <Picker
        thing={part.thing}
        onChosen={(passage) => {
          const { passage: _, ...whole } = part.thing as CutThing;
          changePart(place, { thing: passage ? { ...whole, passage } : whole });
          close();
        }}
      />
    </Dialog>
  );
}

type CutThing = Extract<Thing, { kind: "clip" | "audio" }>;

const canCut = (thing: Thing): thing is CutThing => thing.kind === "clip" || thing.kind === "audio";

function Picker({ thing, onChosen }: { thing: CutThing; onChosen: (passage: Passage | null) => void }) {
  const container = useRef<HTMLDivElement>(null);
  const passage = useSignal<Passage | null>(thing.passage ?? null);
  const failed = useSignal(false);

  useEffect(() => {
    let destroy = () => undefined as void;
    let current = true;
    shapeOf(thing).then(
      (shape) => {
        if (!current || !container.current) return;
        const waveform = makeWaveform(container.current, shape, passage.peek(), {
          onPassage: (chosen) => (passage.value = chosen),
          onSeek: () => undefined,
        });
        destroy = () => waveform.destroy();
      },
      () => (failed.value = true),
    );
    return () => {
      current = false;
      destroy();
    };
  }, []);

  return (
    <div class="picker">
      {failed.value && (
        <p class="refusal">This browser cannot draw this sound; it is asked for as a whole.</p>
      )}
      <div ref={container} class="cutter-wave" role="img" aria-label="Waveform; drag to choose a passage" />
      <p class="quiet">
        {passage.value
          ? `From ${moment(passage.value.start_s)} to ${moment(passage.value.end_s)}`
          : "Drag over the waveform to choose a passage."}
      </p>
      <div class="field-row">
        <button
          type="button"
          class="primary"
          disabled={!passage.value}
          onClick={() => onChosen(passage.value)}
        >
          Ask for this passage
        </button>
        <button type="button" class="secondary" onClick={() => onChosen(null)}>
          Ask for all of it
        </button>
      </div>
    </div>
  );
}

async function shapeOf(thing: CutThing): Promise<Shape> {
  if (thing.kind === "clip") {
    const found = await peaks(thing.id, BUCKETS);
    return { peaks: found.high, duration_s: found.end_s };
  }
  const file = await findSound(thing.file);
  if (!file) throw new Error("the sound is not here");
  const context = new OfflineAudioContext(1, 1, 8000);
  const decoded = await context.decodeAudioData(await file.arrayBuffer());
  return { peaks: shrink(decoded.getChannelData(0)), duration_s: decoded.duration };
}

/** The loudest sample of each of equal stretches. */
function shrink(samples: Float32Array): number[] {
  const step = Math.max(1, Math.floor(samples.length / BUCKETS));
  return Array.from({ length: Math.ceil(samples.length / step) }, (_, place) =>
    samples
      .subarray(place * step, (place + 1) * step)
      .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
  );
}
