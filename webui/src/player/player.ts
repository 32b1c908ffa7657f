/** One sound at a time, played by the browser from the service's ranges. */
import { computed, effect, signal } from "@preact/signals";
import { check } from "../api/client";
import { audioUrl } from "../api/service";
import type { Passage } from "../question/model";
import { say, sayFailure } from "../ui/toasts";
import { gain, keepsPitch, looping, rate, volume_db } from "./settings";

export interface Played {
  clip_id: number;
  title: string;
  /** What of it matched, which is what a loop repeats. */
  match?: Passage | null;
}

const audio = new Audio();
audio.preload = "none";

/** What was started last, as it was given. */
export const current = signal<Played | null>(null);
export const paused = signal(true);
/** Seconds from the clip's start; moves while it plays. */
export const position = signal(0);
export const length = signal(0);
/** The clip that is loaded, null when there is none. */
export const playing = computed(() => current.value?.clip_id ?? null);

let begunAt_s = 0;
let stopAt_s = Infinity;
/** What a loop repeats: the passage that was started, what matched, or all of it, where this is null. */
let repeated: Passage | null = null;

/** Play a clip from `from_s`, until `until_s` where it is given. */
export function play(what: Played, from_s = 0, until_s = Infinity): void {
  if (current.peek()?.clip_id !== what.clip_id) audio.src = audioUrl(what.clip_id);
  current.value = what;
  begunAt_s = from_s;
  stopAt_s = until_s;
  repeated = passageOf(what, from_s, until_s);
  audio.currentTime = from_s;
  position.value = from_s;
  void start();
}

function passageOf({ match }: Played, start_s: number, end_s: number): Passage | null {
  if (end_s < Infinity) return { start_s, end_s };
  return match && isIn(start_s, match) ? match : null;
}

const isIn = (at_s: number, { start_s, end_s }: Passage): boolean => at_s >= start_s && at_s < end_s;

/** Pause, or go on; what came to its end starts again where it was started. */
export function toggle(): void {
  if (!audio.paused) {
    pause();
    return;
  }
  stopAt_s = Infinity;
  if (audio.ended) seek(begunAt_s);
  void start();
}

export function pause(): void {
  audio.pause();
  showState();
}

/** Go there; whoever leaves the passage that a loop repeats wants the loop to be of all of it. */
export function seek(to_s: number): void {
  if (repeated && !isIn(to_s, repeated)) repeated = null;
  move(to_s);
}

function move(to_s: number): void {
  audio.currentTime = Math.max(0, to_s);
  position.value = audio.currentTime;
}

export function stop(): void {
  pause();
  audio.removeAttribute("src");
  current.value = null;
}

/** What is shown is what was asked for, at once: the element's own events come later, and one may be of the state before. */
function showState(): void {
  paused.value = audio.paused;
}

async function start(): Promise<void> {
  try {
    const started = audio.play();
    showState();
    await started;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (!audio.error) await explain(); // else the event of it does
  }
}

/** Nothing plays: show that, and say why. */
async function explain(): Promise<void> {
  const what = current.peek();
  pause();
  if (!what) return;
  try {
    await check(`/clips/${what.clip_id}/audio`);
    say(`${what.title} cannot be played: this browser does not know its format, or it is damaged.`, {
      bad: true,
    });
  } catch (error) {
    sayFailure(`${what.title} cannot be played`, error); // a service that is gone has a place of its own
  }
}

function follow(): void {
  position.value = audio.currentTime;
  if (looping.peek()) {
    if (repeated && audio.currentTime >= repeated.end_s) move(repeated.start_s);
  } else if (audio.currentTime >= stopAt_s) pause();
}

function followFrames(): void {
  follow();
  if (!audio.paused) requestAnimationFrame(followFrames);
}

audio.addEventListener("play", () => {
  showState();
  requestAnimationFrame(followFrames);
});
audio.addEventListener("timeupdate", follow); // a window that is hidden has no frames
audio.addEventListener("pause", showState);
audio.addEventListener("ended", () => {
  if (!looping.peek()) return;
  move(repeated?.start_s ?? 0);
  void start();
});
audio.addEventListener("error", () => void explain());
audio.addEventListener("durationchange", () => {
  length.value = Number.isFinite(audio.duration) ? audio.duration : 0;
});
effect(() => {
  audio.volume = gain(volume_db.value);
});
effect(() => {
  audio.preservesPitch = keepsPitch.value;
  audio.defaultPlaybackRate = rate.value; // another source begins with it
  audio.playbackRate = rate.value;
});
