/** One sound at a time, played by the browser from the service's ranges. */
import { computed, effect, signal } from "@preact/signals";
import { check } from "../api/client";
import { audioUrl } from "../api/service";
import { t } from "../messages/t";
import type { Passage } from "../question/model";
import { say, sayFailure } from "../ui/toasts";
import { giveBack, take } from "./loading";
import {
  gain,
  keepsPitch,
  looping,
  matchesLevels,
  output,
  QUIETEST_DB,
  rate,
  turnedDown_db,
  volume_db,
} from "./settings";
import { columnFacts } from "../results/columnfacts";

export interface Played {
  /** Null for a sound that is not in the library. */
  clip_id: number | null;
  title: string;
  /** The matching passage, which a loop repeats. */
  match?: Passage | null;
  /** Its URL, when it is not one of the service. */
  address?: string;
}

export const addressOf = ({ clip_id, address }: Pick<Played, "clip_id" | "address">): string =>
  address ?? (clip_id === null ? "" : audioUrl(clip_id));

/** What plays, or did last. */
let audio = new Audio();
let loaded = "";
/** Times this close count as equal: a seek between them would only take time. */
const SAME_S = 0.001;

/** The arguments of the last start. */
export const current = signal<Played | null>(null);
export const paused = signal(true);
/** Whether the last start has become audible. */
export const sounding = signal(false);
/** Seconds from the clip's start; moves while it plays. */
export const position = signal(0);
export const length = signal(0);
/** The clip that is loaded, null when there is none. */
export const playing = computed(() => current.value?.clip_id ?? null);

let begunAt_s = 0;
let stopAt_s = Infinity;
/** What a loop repeats: the started passage or the match; null: the whole sound. */
let repeated: Passage | null = null;

/** Play a clip from `from_s`, until `until_s` where it is given. */
export function play(what: Played, from_s = 0, until_s = Infinity): void {
  sounding.value = false;
  current.value = what;
  begunAt_s = from_s;
  stopAt_s = until_s;
  repeated = passageOf(what, from_s, until_s);
  position.value = from_s;
  load(addressOf(what), from_s);
  const place_s = position.peek();
  if (Math.abs(audio.currentTime - place_s) > SAME_S) audio.currentTime = place_s; // else it is loaded from there
  void start();
}

/** Make this audio element the one that plays. */
function load(address: string, from_s: number): void {
  if (address === loaded) return;
  const before = audio;
  before.pause();
  if (loaded) giveBack(loaded, before);
  loaded = address;
  audio = take({ address, from_s });
  listen(audio);
  setUp(audio);
  learnLength();
}

function passageOf({ match }: Played, start_s: number, end_s: number): Passage | null {
  if (end_s < Infinity) return { start_s, end_s };
  return match && isIn(start_s, match) ? match : null;
}

const isIn = (at_s: number, { start_s, end_s }: Passage): boolean => at_s >= start_s && at_s < end_s;

/** Pause or resume; a sound that has ended starts again where it was started. */
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

/** Seek. Outside the passage that a loop repeats, the loop becomes one of the whole sound. */
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
  if (loaded) giveBack(loaded, audio);
  loaded = "";
  current.value = null;
}

/** Show the requested state at once: the element's own events come later, and may be of an earlier state. */
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

/** Playing failed: show the paused state, and say why. */
async function explain(): Promise<void> {
  const what = current.peek();
  pause();
  if (!what) return;
  try {
    if (!what.address) await check(`/clips/${what.clip_id}/audio`);
    say(
      t("{title} cannot be played: this browser does not support its format, or the file is damaged.", {
        title: what.title,
      }),
      {
        bad: true,
      },
    );
  } catch (error) {
    sayFailure(t("{title} cannot be played", { title: what.title }), error); // a service that is gone has a place of its own
  }
}

function follow(): void {
  position.value = audio.currentTime;
  if (looping.peek()) {
    if (repeated && audio.currentTime >= repeated.end_s) move(repeated.start_s);
  } else if (audio.currentTime >= stopAt_s) pause();
}

/** Follow it frame by frame as long as it plays; a window that is hidden has no frames. */
function followFrames(): void {
  follow();
  frame = audio.paused ? 0 : requestAnimationFrame(followFrames);
}
let frame = 0;

/** A position beyond the end of the sound becomes its beginning, or that of the passage that a loop repeats. */
function learnLength(): void {
  length.value = Number.isFinite(audio.duration) ? audio.duration : 0;
  if (length.value > 0 && position.peek() >= length.value) move(repeated?.start_s ?? 0);
}

const LISTENERS: Readonly<Record<string, () => void>> = {
  play() {
    showState();
    if (!frame) frame = requestAnimationFrame(followFrames);
  },
  playing() {
    sounding.value = true;
  },
  timeupdate: follow,
  pause: showState,
  ended() {
    if (!looping.peek()) return;
    move(repeated?.start_s ?? 0);
    void start();
  },
  error: () => void explain(),
  durationchange: learnLength,
};
const listening = new WeakSet<HTMLAudioElement>();

/** Handle an element's events only while it is the one that plays. */
function listen(element: HTMLAudioElement): void {
  if (listening.has(element)) return;
  listening.add(element);
  for (const [event, heed] of Object.entries(LISTENERS))
    element.addEventListener(event, () => element === audio && loaded !== "" && heed());
}

/** Play through this device; when it is gone, through the system's default. */
function playBy(element: HTMLAudioElement, device: string): void {
  if (!("setSinkId" in element) || element.sinkId === device) return;
  element.setSinkId(device).catch(() => {
    if (output.peek() === device) output.value = "";
  });
}

/** How much the sound that plays is attenuated to make all equally loud. */
function levelOf(clipId: number | null): number {
  if (!matchesLevels.value || clipId === null) return 0;
  const loudness = columnFacts(clipId).value?.facts["loudness"];
  return turnedDown_db(typeof loudness === "number" ? loudness : null);
}

/** Apply the volume and the rate that are set. */
function setUp(element: HTMLAudioElement): void {
  const off = volume_db.value <= QUIETEST_DB;
  element.volume = off ? 0 : gain(volume_db.value + levelOf(playing.value));
  playBy(element, output.value);
  element.preservesPitch = keepsPitch.value;
  element.defaultPlaybackRate = rate.value; // a source that is loaded later begins with it
  element.playbackRate = rate.value;
}
effect(() => setUp(audio));
