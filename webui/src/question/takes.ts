/** What was recorded: what it is called, where in it there is a sound, and its place in the question. */
import { t } from "../messages/t";
import type { Passage } from "./model";
import { decodeSound, keepSound } from "./sounds";

export interface Take {
  kind: "audio" | "hum";
  file: string;
  passage?: Passage;
}

/** A take that is never louder than this is empty: the microphone is muted, or the wrong one. */
const SILENT_DB = -60;
/** At the start and end of a take, everything this much quieter than its loudest part is cut off. */
const QUIET_DB = -45;
const BLOCK_S = 0.01;
const MARGIN_S = 0.15;

/** Its name: takes are told apart by when they were made. */
export function takeName(kind: Take["kind"], at: Date): string {
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return t(kind === "hum" ? "hum {time}" : "recording {time}", { time: time.join(":") });
}

/** From where to where there is a sound; null in silence. */
export function soundingIn(samples: Float32Array, rate_hz: number): Passage | null {
  const block = Math.max(1, Math.round(BLOCK_S * rate_hz));
  const peaks: number[] = [];
  for (let at = 0; at < samples.length; at += block) {
    let peak = 0;
    for (const sample of samples.subarray(at, at + block)) peak = Math.max(peak, Math.abs(sample));
    peaks.push(peak);
  }
  const loudest = peaks.reduce((most, peak) => Math.max(most, peak), 0);
  const silent = 10 ** (SILENT_DB / 20);
  if (loudest < silent) return null;
  const quiet = Math.max(silent, loudest * 10 ** (QUIET_DB / 20));
  const start_s = (peaks.findIndex((peak) => peak >= quiet) * block) / rate_hz - MARGIN_S;
  const end_s = ((peaks.findLastIndex((peak) => peak >= quiet) + 1) * block) / rate_hz + MARGIN_S;
  return { start_s: Math.max(0, start_s), end_s: Math.min(samples.length / rate_hz, end_s) };
}

/** Keep a recording, without the silence at its ends; null where there is nothing else in it. */
export async function keepTake(file: File, kind: Take["kind"]): Promise<Take | null> {
  const sound = await decodeSound(file).catch(() => null);
  const sounding = sound && soundingIn(sound.getChannelData(0), sound.sampleRate);
  if (sound && !sounding) return null;
  const take: Take = { kind, file: await keepSound(file) };
  const whole = !sound || !sounding || (sounding.start_s === 0 && sounding.end_s >= sound.duration);
  return whole ? take : { ...take, passage: sounding };
}
