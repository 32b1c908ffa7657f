/** A clip's waveform in which a passage is chosen by dragging (wavesurfer.js with its regions). */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { peaks } from "../api/service";
import { playing, position, seek } from "../player/player";
import type { Passage } from "../question/model";
import { makeWaveform, type PassageWaveform } from "../ui/passagewaveform";

interface CutterProps {
  clipId: number;
  match: Passage | null;
  onPassage: (passage: Passage) => void;
}

const BUCKETS = 800;

export function Cutter({ clipId, match, onPassage }: CutterProps) {
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
          onSeek: (to_s) => playing.peek() === clipId && seek(to_s),
        });
      },
      () => undefined, // a file that is away, or notes: the space stays empty
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
      <PassageFields match={match} onPassage={onPassage} waveform={waveform} />
    </div>
  );
}

/** The same by keyboard: two numbers. */
function PassageFields({
  match,
  onPassage,
  waveform,
}: {
  match: Passage | null;
  onPassage: (passage: Passage) => void;
  waveform: { current: PassageWaveform | null };
}) {
  const start = useRef<HTMLInputElement>(null);
  const end = useRef<HTMLInputElement>(null);
  const change = () => {
    const passage = { start_s: Number(start.current?.value), end_s: Number(end.current?.value) };
    if (!(passage.end_s > passage.start_s) || passage.start_s < 0) return;
    waveform.current?.setPassage(passage);
    onPassage(passage);
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
            defaultValue={String(match?.start_s ?? 0)}
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
            defaultValue={String(match?.end_s ?? 1)}
            onChange={change}
          />{" "}
          s
        </label>
      </div>
    </details>
  );
}
