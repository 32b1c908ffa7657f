/** A clip's waveform in which a passage is chosen by dragging (wavesurfer.js with its regions). */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { peaks } from "../api/service";
import { t } from "../messages/t";
import { playing, position } from "../player/player";
import type { Passage } from "../question/model";
import { IconButton } from "../ui/icons";
import { PassageFields } from "../ui/passagefields";
import { stepped } from "./matches";
import { makeWaveform, type PassageWaveform } from "../ui/passagewaveform";

interface CutterProps {
  clipId: number;
  /** The passage that is marked at first. */
  match: Passage | null;
  /** All matching passages; null until they are known. */
  matches: readonly Passage[] | null;
  /** The one that is chosen now. */
  passage: Passage | null;
  onPassage: (passage: Passage) => void;
  /** Somebody points at a place in it, to hear the sound from there. */
  onPlayFrom: (from_s: number) => void;
}

/** Half of the points that the service stores for long recordings, so that it reads each only once. */
const BUCKETS = 1920;

export function Cutter({ clipId, match, matches, passage, onPassage, onPlayFrom }: CutterProps) {
  const container = useRef<HTMLDivElement>(null);
  const waveform = useRef<PassageWaveform | null>(null);
  const duration_s = useSignal<number | null>(null);
  const note = useSignal("");
  const marked = useRef(passage);
  marked.current = passage;
  const ticked = useRef(matches);
  ticked.current = matches;

  useEffect(() => {
    let current = true;
    note.value = t("The waveform is drawn …");
    peaks(clipId, BUCKETS).then(
      (found) => {
        if (!current || !container.current) return;
        note.value = "";
        duration_s.value = found.end_s;
        const shape = found.high.map((high, at) =>
          high >= -(found.low[at] ?? 0) ? high : (found.low[at] ?? 0),
        );
        const drawn = { peaks: shape, duration_s: found.end_s };
        waveform.current = makeWaveform(container.current, drawn, marked.current ?? match, {
          onPassage,
          onSeek: onPlayFrom,
        });
        waveform.current.tick(ticked.current ?? []);
      },
      (error: unknown) => {
        if (current)
          note.value = t("There is no waveform: {why}", {
            why: String(error instanceof Error ? error.message : error),
          });
      },
    );
    return () => {
      current = false;
      waveform.current?.destroy();
      waveform.current = null;
    };
  }, [clipId]);

  useEffect(() => waveform.current?.tick(matches ?? []), [matches]);
  useSignalEffect(() => {
    if (stepped.value) waveform.current?.setPassage(stepped.value);
  });

  useSignalEffect(() => {
    const at_s = playing.value === clipId ? position.value : 0;
    waveform.current?.setTime(at_s);
  });

  return (
    <div class="cutter">
      <div
        ref={container}
        class="cutter-wave"
        role="img"
        aria-label={t("Waveform; drag to choose a passage")}
      />
      {note.value && (
        <p class="cutter-note quiet" role="status">
          {note}
        </p>
      )}
      <ZoomTools onZoom={(times) => waveform.current?.zoom(times)} />
      <details class="passage-fields">
        <summary>{t("Passage in numbers")}</summary>
        <PassageFields
          passage={passage}
          duration_s={duration_s.value}
          onTyped={(typed) => {
            waveform.current?.setPassage(typed);
            onPassage(typed);
          }}
        />
      </details>
    </div>
  );
}

const MOST_TIMES = 256;

/** The waveform's zoom; 1 shows all of it. */
function ZoomTools({ onZoom }: { onZoom: (times: number) => void }) {
  const times = useSignal(1);
  const zoom = (to: number) => {
    times.value = to;
    onZoom(to);
  };
  return (
    <div class="zoom-tools" role="group" aria-label={t("Zoom")}>
      <IconButton
        icon="minus"
        label={t("Zoom out")}
        disabled={times.value <= 1}
        onClick={() => zoom(times.value / 2)}
      />
      <span class="quiet" role="status">
        {times.value === 1 ? t("All of it") : `${times.value} ×`}
      </span>
      <IconButton
        icon="plus"
        label={t("Zoom in")}
        disabled={times.value >= MOST_TIMES}
        onClick={() => zoom(times.value * 2)}
      />
    </div>
  );
}
