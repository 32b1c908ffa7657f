/** A waveform of bars, or the piano roll of a tune: the matching passage in the accent's colour, the rest quiet, a line where it plays.
 *
 * As SVG, whose colours the style sheet knows, and whose drawing is no script: seventeen canvases took the first page's
 * script 60 ms on a slow device.
 */
import { effect, type ReadonlySignal, useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { playing, position } from "../player/player";
import type { Passage } from "../question/model";
import { type Known, peaks } from "./peaks";
import { paths } from "./shapes";

interface WaveformProps {
  clipId: number;
  match: Passage | null;
  /** Somebody points at a place in it, to hear the sound from there. */
  onPlayFrom: (from_s: number) => void;
}

export function Waveform({ clipId, match, onPlayFrom }: WaveformProps) {
  const svg = useRef<SVGSVGElement>(null);
  const waveform = peaks(clipId);
  const isHere = useComputed(() => playing.value === clipId);

  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const end = effect(() => show(element, { waveform: waveform.value, match }));
    sizes.observe(element);
    return () => {
      sizes.unobserve(element);
      end();
    };
  }, [match]);

  /** Where in the sound the pointer is, once that is drawn. */
  const playThere = ({ currentTarget, clientX }: { currentTarget: Element; clientX: number }) => {
    const found = waveform.peek();
    const { left, width } = currentTarget.getBoundingClientRect();
    if (found === "waiting" || width === 0) return;
    onPlayFrom(Math.max(0, Math.min(1, (clientX - left) / width)) * found.end_s);
  };
  return (
    <span
      class="waveform"
      onPointerDown={(event) => {
        if (event.pointerType === "touch" || event.button !== 0) return; // a finger may want to scroll
        event.currentTarget.setPointerCapture(event.pointerId);
        playThere(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && playThere(event)}
      onPointerUp={(event) => event.pointerType === "touch" && playThere(event)}
    >
      <svg ref={svg} class="wave" aria-hidden="true">
        <path class={match ? "wave-quiet" : "wave-plain"} />
        {match && <path class="wave-match" />}
      </svg>
      {isHere.value && <Playhead waveform={waveform} />}
    </span>
  );
}

function Playhead({ waveform: { value: known } }: { waveform: ReadonlySignal<Known> }) {
  if (known === "waiting" || known.end_s === 0) return null;
  const left = Math.min(100, (position.value / known.end_s) * 100);
  return <span class="playhead" style={`left: ${left}%`} />;
}

interface Picture {
  waveform: Known;
  match: Passage | null;
}

const pictures = new WeakMap<Element, Picture>();
const sizeOf = new WeakMap<Element, DOMRectReadOnly>();

/** Tells sizes after the page was laid out: to ask for one would make the browser lay it out at once. */
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    sizeOf.set(target, contentRect);
    draw(target);
  }
});

function show(svg: SVGSVGElement, picture: Picture): void {
  pictures.set(svg, picture);
  draw(svg); // before its size is known the observer does
}

function draw(svg: Element): void {
  const [picture, size] = [pictures.get(svg), sizeOf.get(svg)];
  if (!picture || !size) return;
  const [quiet = "", loud = ""] =
    picture.waveform === "waiting" ? [] : paths(picture.waveform, picture.match, size);
  svg.children[0]?.setAttribute("d", quiet);
  svg.children[1]?.setAttribute("d", loud);
}
