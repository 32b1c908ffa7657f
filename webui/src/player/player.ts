/** One sound at a time, played by the browser from the service's ranges. */
import { computed, signal } from "@preact/signals";
import { check } from "../api/client";
import { audioUrl } from "../api/service";
import { say, sayFailure } from "../ui/toasts";

export interface Played {
  clip_id: number;
  title: string;
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

/** Play a clip from `from_s`, until `until_s` where it is given. */
export function play(what: Played, from_s = 0, until_s = Infinity): void {
  if (current.peek()?.clip_id !== what.clip_id) audio.src = audioUrl(what.clip_id);
  current.value = what;
  begunAt_s = from_s;
  stopAt_s = until_s;
  audio.currentTime = from_s;
  position.value = from_s;
  void start();
}

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

export function seek(to_s: number): void {
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
  if (audio.currentTime >= stopAt_s) pause();
  if (!audio.paused) requestAnimationFrame(follow);
}

audio.addEventListener("play", () => {
  showState();
  requestAnimationFrame(follow);
});
audio.addEventListener("pause", showState);
audio.addEventListener("error", () => void explain());
audio.addEventListener("durationchange", () => {
  length.value = Number.isFinite(audio.duration) ? audio.duration : 0;
});
