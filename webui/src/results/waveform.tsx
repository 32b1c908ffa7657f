/** A waveform of bars: the matching passage in the accent's colour, the rest quiet, a line where it plays.
 *
 * As SVG, whose colours the style sheet knows, and whose drawing is no script: seventeen canvases took the first page's
 * script 60 ms on a slow device.
 */
import { effect, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { playing, position } from "../player/player";
import type { Passage } from "../question/model";
import { type Known, peaks } from "./peaks";

interface WaveformProps {
  clipId: number;
  match: Passage | null;
}

const BAR_PX = 2;
const GAP_PX = 1;

export function Waveform({ clipId, match }: WaveformProps) {
  const svg = useRef<SVGSVGElement>(null);
  const head = useRef<HTMLSpanElement>(null);
  const waveform = peaks(clipId);

  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    sizes.observe(element);
    return () => sizes.unobserve(element);
  }, []);
  useEffect(
    () =>
      effect(() => {
        const found = waveform.value;
        if (svg.current) show(svg.current, { waveform: found, match });
      }),
    [match],
  );
  useSignalEffect(() => {
    const line = head.current;
    const found = waveform.value;
    if (!line) return;
    const here = playing.value === clipId && found !== "waiting" && found.end_s > 0;
    line.hidden = !here;
    if (here) line.style.left = `${Math.min(100, (position.value / found.end_s) * 100)}%`;
  });

  return (
    <span class="waveform">
      <svg ref={svg} class="wave" aria-hidden="true">
        <path class={match ? "wave-quiet" : "wave-plain"} />
        <path class="wave-match" />
      </svg>
      <span ref={head} class="playhead" hidden />
    </span>
  );
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
    picture.waveform === "waiting" ? [] : bars(picture.waveform, picture.match, size);
  svg.children[0]?.setAttribute("d", quiet);
  svg.children[1]?.setAttribute("d", loud);
}

/** The paths of the bars outside and inside the matching passage. */
function bars(
  waveform: Exclude<Known, "waiting">,
  match: Passage | null,
  size: DOMRectReadOnly,
): [string, string] {
  const { low, high, end_s } = waveform;
  const { width, height } = size;
  const loudest = low.reduce((most, value) => Math.max(most, -value), Math.max(0.02, ...high));
  const count = Math.floor(width / (BAR_PX + GAP_PX));
  let quiet = "";
  let loud = "";
  for (let bar = 0; bar < count; bar++) {
    const first = Math.floor((bar / count) * high.length);
    const last = Math.max(first + 1, Math.floor(((bar + 1) / count) * high.length));
    let top = 0;
    let bottom = 0;
    for (let at = first; at < last; at++) {
      top = Math.max(top, high[at] ?? 0);
      bottom = Math.min(bottom, low[at] ?? 0);
    }
    const up = Math.max(0.5, (top / loudest) * (height / 2 - 1));
    const down = Math.max(0.5, (-bottom / loudest) * (height / 2 - 1));
    const path = `M${bar * (BAR_PX + GAP_PX) + BAR_PX / 2} ${(height / 2 - up).toFixed(1)}v${(up + down).toFixed(1)}`;
    const at_s = ((bar + 0.5) / count) * end_s;
    if (match !== null && end_s > 0 && at_s >= match.start_s && at_s <= match.end_s) loud += path;
    else quiet += path;
  }
  return [quiet, loud];
}
