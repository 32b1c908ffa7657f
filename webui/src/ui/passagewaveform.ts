/** A waveform with one passage that is dragged, over wavesurfer.js; knows nothing of clips and questions. */
import WaveSurfer from "wavesurfer.js";
import RegionsPlugin, { type Region } from "wavesurfer.js/dist/plugins/regions.esm.js";
import type { Passage } from "../question/model";

export interface Shape {
  peaks: number[];
  duration_s: number;
}

export interface PassageWaveform {
  setTime(at_s: number): void;
  setPassage(passage: Passage): void;
  destroy(): void;
}

interface Listeners {
  onPassage: (passage: Passage) => void;
  onSeek: (to_s: number) => void;
}

const SHORTEST_S = 0.05;

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
    plugins: [regions],
  });
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
  regions.on("region-updated", report);
  waveform.on("interaction", onSeek);
  return {
    setTime: (at_s) => waveform.setTime(Math.min(at_s, shape.duration_s)),
    setPassage: show,
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
