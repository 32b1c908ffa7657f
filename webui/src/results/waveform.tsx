/** A waveform on a canvas: the matching passage in the accent's colour, the rest quiet, a line where it plays. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { playing, position } from "../player/player";
import type { Passage } from "../question/model";
import { theme } from "../ui/theme";
import { type Known, peaks } from "./peaks";

interface WaveformProps {
  clipId: number;
  match: Passage | null;
}

const BAR_PX = 2;
const GAP_PX = 1;

export function Waveform({ clipId, match }: WaveformProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLSpanElement>(null);
  const waveform = peaks(clipId);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    sizes.observe(element);
    return () => sizes.unobserve(element);
  }, []);
  useSignalEffect(() => {
    const found = waveform.value;
    void theme.value;
    if (canvas.current) drawSoon(canvas.current, { waveform: found, match });
  });
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
      <canvas ref={canvas} aria-hidden="true" />
      <span ref={head} class="playhead" hidden />
    </span>
  );
}

interface Picture {
  waveform: Known;
  match: Passage | null;
}

interface Colours {
  plain: string;
  quiet: string;
  loud: string;
}

const pictures = new WeakMap<Element, Picture>();
const sizeOf = new WeakMap<Element, DOMRectReadOnly>();
const undrawn = new Set<HTMLCanvasElement>();

/** Tells sizes after the page was laid out: to ask a canvas for its own would make the browser lay it out at once. */
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    sizeOf.set(target, contentRect);
    undrawn.add(target as HTMLCanvasElement);
  }
  drawAll();
});

function drawSoon(canvas: HTMLCanvasElement, picture: Picture): void {
  pictures.set(canvas, picture);
  if (!sizeOf.has(canvas)) return; // the observer draws it
  if (undrawn.size === 0) requestAnimationFrame(drawAll);
  undrawn.add(canvas);
}

function drawAll(): void {
  const colours = coloursNow();
  for (const canvas of undrawn) {
    const [picture, size] = [pictures.get(canvas), sizeOf.get(canvas)];
    if (picture && size?.width) draw(canvas, picture, size, colours);
  }
  undrawn.clear();
}

/** Colours come from the style sheet, so that a change of theme needs no other code. */
function coloursNow(): Colours {
  const style = getComputedStyle(document.documentElement);
  return {
    plain: style.getPropertyValue("--wave-strong"),
    quiet: style.getPropertyValue("--wave"),
    loud: style.getPropertyValue("--wave-match"),
  };
}

function draw(
  canvas: HTMLCanvasElement,
  { waveform, match }: Picture,
  { width, height }: DOMRectReadOnly,
  colours: Colours,
): void {
  if (waveform === "waiting") {
    if (canvas.hasAttribute("width")) canvas.width = 0;
    return;
  }
  const { low, high, end_s } = waveform;
  const scale = Math.min(2, devicePixelRatio);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(scale, scale);
  const loudest = low.reduce((most, value) => Math.max(most, -value), Math.max(0.02, ...high));
  const bars = Math.floor(width / (BAR_PX + GAP_PX));
  const quiet = new Path2D();
  const loud = new Path2D();
  for (let bar = 0; bar < bars; bar++) {
    const first = Math.floor((bar / bars) * high.length);
    const last = Math.max(first + 1, Math.floor(((bar + 1) / bars) * high.length));
    let top = 0;
    let bottom = 0;
    for (let at = first; at < last; at++) {
      top = Math.max(top, high[at] ?? 0);
      bottom = Math.min(bottom, low[at] ?? 0);
    }
    const up = Math.max(0.5, (top / loudest) * (height / 2 - 1));
    const down = Math.max(0.5, (-bottom / loudest) * (height / 2 - 1));
    const at_s = ((bar + 0.5) / bars) * end_s;
    const matches = match !== null && end_s > 0 && at_s >= match.start_s && at_s <= match.end_s;
    (matches ? loud : quiet).rect(bar * (BAR_PX + GAP_PX), height / 2 - up, BAR_PX, up + down);
  }
  pen.fillStyle = match ? colours.quiet : colours.plain;
  pen.fill(quiet);
  if (!match) return;
  pen.fillStyle = colours.loud;
  pen.fill(loud);
}
