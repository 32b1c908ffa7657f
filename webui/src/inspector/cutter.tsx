/** A clip's waveform in which a passage is chosen by dragging (wavesurfer.js with its regions). */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { peaks } from "../api/service";
import { playing, position } from "../player/player";
import type { Passage } from "../question/model";
import { makeWaveform, type PassageWaveform } from "../ui/passagewaveform";

interface CutterProps {
  clipId: number;
  /** The passage that is marked at first. */
  match: Passage | null;
  /** The one that is chosen now. */
  passage: Passage | null;
  onPassage: (passage: Passage) => void;
  /** Somebody points at a place in it, to hear the sound from there. */
  onPlayFrom: (from_s: number) => void;
}

const BUCKETS = 800;

export function Cutter({ clipId, match, passage, onPassage, onPlayFrom }: CutterProps) {
  const container = useRef<HTMLDivElement>(null);
  const waveform = useRef<PassageWaveform | null>(null);

  useEffect(() => {
    let current = true;
    peaks(clipId, BUCKETS).then(
      (found) => {
        if (!current || !container.current) return;
        const shape = found.high.map((high, at) =>
          high >= -(found.low[at] ?? 0) ? high : (found.low[at] ?? 0),
        );
        waveform.current = makeWaveform(container.current, { peaks: shape, duration_s: found.end_s }, match, {
          onPassage,
          onSeek: onPlayFrom,
        });
      },
      () => undefined, // a file that is away: the space stays empty
    );
    return () => {
      current = false;
      waveform.current?.destroy();
      waveform.current = null;
    };
  }, [clipId]);

  useSignalEffect(() => {
    const at_s = playing.value === clipId ? position.value : 0;
    waveform.current?.setTime(at_s);
  });

  return (
    <div class="cutter">
      <div ref={container} class="cutter-wave" role="img" aria-label="Waveform; drag to choose a passage" />
      <PassageFields
        passage={passage}
        onPassage={(chosen) => {
          waveform.current?.setPassage(chosen);
          onPassage(chosen);
        }}
      />
    </div>
  );
}

/** The same by keyboard: two numbers. */
function PassageFields({
  passage,
  onPassage,
}: {
  passage: Passage | null;
  onPassage: (passage: Passage) => void;
}) {
  const start = useRef<HTMLInputElement>(null);
  const end = useRef<HTMLInputElement>(null);
  const change = () => {
    const chosen = { start_s: Number(start.current?.value), end_s: Number(end.current?.value) };
    if (chosen.end_s > chosen.start_s && chosen.start_s >= 0) onPassage(chosen);
  };
  return (
    <details class="passage-fields">
      <summary>Passage in numbers</summary>
      <div class="field-row">
        <label>
          from{" "}
          <input
            ref={start}
            type="number"
            min={0}
            step={0.1}
            value={shown(passage?.start_s ?? 0)}
            onChange={change}
          />{" "}
          s
        </label>
        <label>
          to{" "}
          <input
            ref={end}
            type="number"
            min={0}
            step={0.1}
            value={shown(passage?.end_s ?? 1)}
            onChange={change}
          />{" "}
          s
        </label>
      </div>
    </details>
  );
}

const shown = (seconds: number): string => String(Math.round(seconds * 100) / 100);
