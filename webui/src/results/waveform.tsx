/** A waveform on a canvas: the matching passage in the accent's colour, the rest quiet, a line where it plays. */
import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
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
  const canvas = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLSpanElement>(null);
  const waveform = peaks(clipId);

  useSignalEffect(() => {
    const found = waveform.value;
    if (canvas.current) drawSoon(canvas.current, found, match);
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

interface Measured {
  width: number;
  height: number;
  quiet: string;
  loud: string;
}

const undrawn = new Map<HTMLCanvasElement, { waveform: Known; match: Passage | null }>();

/** All that is to be drawn is measured first, then drawn: a canvas that is resized makes the browser lay out anew. */
function drawSoon(canvas: HTMLCanvasElement, waveform: Known, match: Passage | null): void {
  if (undrawn.size === 0) requestAnimationFrame(drawAll);
  undrawn.set(canvas, { waveform, match });
}

function drawAll(): void {
  const now = [...undrawn].map(([canvas, what]) => ({ canvas, ...what, at: measured(canvas, what.match) }));
  undrawn.clear();
  for (const { canvas, waveform, match, at } of now) draw(canvas, waveform, match, at);
}

/** Colours come from the style sheet, so that a change of theme needs no other code. */
function measured(canvas: HTMLCanvasElement, match: Passage | null): Measured {
  const style = getComputedStyle(canvas);
  return {
    width: canvas.clientWidth || 200,
    height: canvas.clientHeight || 40,
    quiet: style.getPropertyValue(match ? "--wave" : "--wave-strong"),
    loud: style.getPropertyValue("--wave-match"),
  };
}

function draw(canvas: HTMLCanvasElement, waveform: Known, match: Passage | null, at: Measured): void {
  if (waveform === "waiting") {
    if (canvas.hasAttribute("width")) canvas.width = 0;
    return;
  }
  const { low, high, end_s } = waveform;
  const { width, height } = at;
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
  pen.fillStyle = at.quiet;
  pen.fill(quiet);
  pen.fillStyle = at.loud;
  pen.fill(loud);
}
