/** The times below a waveform and a spectrogram. */

const two = (number: number): string => String(number).padStart(2, "0");

/** A time on the ruler, as short as possible, since the labels of an hour leave little room. */
export function rulerTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return rest > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${hours}h${two(minutes)}`;
  return whole >= 60 ? `${minutes}:${two(rest)}` : String(Math.round(seconds * 1000) / 1000);
}

/** The most ticks. */
const MOST = 5;
const WHOLE_S = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

/** The seconds between a sound's ticks: a round number. */
export function tickStep(duration_s: number): number {
  const least = duration_s / MOST;
  if (least > 5) return WHOLE_S.find((one) => one >= least) ?? 28_800;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((one) => one * power >= least * 0.999) ?? 10) * power;
}

/** Where they are, from 0 on, with room behind the last one. */
export function ticks(duration_s: number): number[] {
  if (!(duration_s > 0)) return [];
  const step = tickStep(duration_s);
  const count = Math.floor((duration_s * 0.93) / step);
  return Array.from({ length: count + 1 }, (_, place) => place * step);
}
