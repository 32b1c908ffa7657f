/** A waveform with one passage that can be dragged, over wavesurfer.js; independent of clips and questions. */
import WaveSurfer from "wavesurfer.js";
import MinimapPlugin from "wavesurfer.js/dist/plugins/minimap.esm.js";
import TimelinePlugin from "wavesurfer.js/dist/plugins/timeline.esm.js";
import RegionsPlugin, { type Region } from "wavesurfer.js/dist/plugins/regions.esm.js";
import type { Passage } from "../question/model";
import { rulerTime, tickStep } from "./ruler";

export interface Shape {
  peaks: number[];
  duration_s: number;
}

export interface PassageWaveform {
  setTime(at_s: number): void;
  setPassage(passage: Passage): void;
  /** Mark these passages instead of the previous ones. */
  tick(passages: readonly Passage[]): void;
  /** Zoom in; 1 shows all of it. Above 1 there is an overview above it. */
  zoom(times: number): void;
  destroy(): void;
}

interface Listeners {
  onPassage: (passage: Passage) => void;
  onSeek: (to_s: number) => void;
}

const SHORTEST_S = 0.05;
const RULER_PX = 16;
const OVERVIEW_PX = 20;
/** The ruler's own ticks are a second apart at least: a shorter sound has others. */
const SHORT_S = 5;
const ticksOf = (duration_s: number) => {
  const step = tickStep(duration_s);
  return { timeInterval: step, primaryLabelInterval: step, secondaryLabelInterval: step };
};

/** The nonce under which this page may add a style sheet (webui/serving.py). */
const nonce = (): string => document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";

export function makeWaveform(
  container: HTMLElement,
  shape: Shape,
  first: Passage | null,
  { onPassage, onSeek }: Listeners,
): PassageWaveform {
  const colour = (name: string): string => getComputedStyle(container).getPropertyValue(name).trim();
  const regions = RegionsPlugin.create();
  const waveform = WaveSurfer.create({
    container,
    height: 88,
    peaks: [shape.peaks],
    duration: shape.duration_s,
    normalize: true,
    waveColor: colour("--wave-strong"),
    progressColor: colour("--wave-strong"),
    cursorColor: colour("--text"),
    cspNonce: nonce(),
    plugins: [
      regions,
      TimelinePlugin.create({
        height: RULER_PX,
        secondaryLabelOpacity: 1,
        formatTimeCallback: rulerTime,
        ...(shape.duration_s < SHORT_S && ticksOf(shape.duration_s)),
        style: { color: colour("--quiet"), fontSize: "10px" },
      }),
    ],
  });
  let ticks: Region[] = [];
  let ticked: readonly Passage[] = [];
  let overview = false;
  let isReady = false; // before, regions have no place
  let region: Region | null = null;
  let showing = false; // what is only shown was chosen by nobody
  const report = (changed: Region) => onPassage({ start_s: changed.start, end_s: changed.end });
  const show = (passage: Passage) => {
    region?.remove();
    showing = true;
    region = regions.addRegion({
      start: passage.start_s,
      end: passage.end_s,
      color: colour("--region"),
      drag: false,
      minLength: SHORTEST_S,
    });
    showing = false;
  };
  regions.on("region-initialized", letThrough);
  container.setAttribute("aria-busy", "true");
  waveform.on("ready", () => {
    isReady = true;
    drawTicks();
    if (first) show(first);
    regions.enableDragSelection({ color: colour("--region"), drag: false, minLength: SHORTEST_S });
    container.setAttribute("aria-busy", "false");
  });
  regions.on("region-created", (made) => {
    if (showing || made === region) return;
    region?.remove();
    region = made;
    report(made);
  });
  regions.on("region-updated", (changed) => changed === region && report(changed));
  const drawTicks = () => {
    for (const one of ticks) one.remove();
    showing = true;
    ticks = ticked.map(({ start_s, end_s }) =>
      regions.addRegion({ start: start_s, end: end_s, color: colour("--tick"), drag: false, resize: false }),
    );
    showing = false;
  };
  const zoom = (times: number) => {
    if (times > 1 && !overview) {
      overview = true; // whoever sees a part wants to know which
      const drawn = { waveColor: colour("--wave-strong"), cspNonce: nonce(), peaks: [shape.peaks] };
      waveform.registerPlugin(
        MinimapPlugin.create({ ...drawn, height: OVERVIEW_PX, overlayColor: colour("--region") }),
      );
    }
    waveform.zoom(times > 1 ? (times * container.clientWidth) / shape.duration_s : 0);
    lookAt(region);
  };
  /** Scroll the chosen passage into view when only a part is drawn. */
  const lookAt = (chosen: Region | null) => {
    if (!chosen || waveform.getWrapper().scrollWidth <= container.clientWidth) return;
    const seen_s = (container.clientWidth / waveform.getWrapper().scrollWidth) * shape.duration_s;
    waveform.setScrollTime(Math.max(0, (chosen.start + chosen.end - seen_s) / 2));
  };
  waveform.on("interaction", onSeek);
  return {
    setTime: (at_s) => waveform.setTime(Math.min(at_s, shape.duration_s)),
    setPassage(passage) {
      if (!isReady) {
        first = passage;
        return;
      }
      const same = region && region.start === passage.start_s && region.end === passage.end_s;
      if (same) return;
      show(passage);
      lookAt(region);
    },
    tick(passages) {
      ticked = passages;
      if (isReady) drawTicks();
    },
    zoom,
    destroy: () => waveform.destroy(),
  };
}

/** Dragging draws a new passage, wherever it begins: of the one that is there only the edges take the pointer. */
function letThrough(region: Region): void {
  if (!region.element) return;
  region.element.style.pointerEvents = "none";
  for (const edge of region.element.querySelectorAll<HTMLElement>("[part*=region-handle]"))
    edge.style.pointerEvents = "auto";
}
