/** How things are written for people, in the language of the page. */
import { fixed } from "../messages/numbers";
import { t } from "../messages/t";

/** Seconds as people read them: 0.42 s, 7.3 s, 2:05, 1:02:03. Each limit is where rounding reaches the next form. */
export function duration(seconds: number): string {
  if (seconds >= 59.5) return clock(seconds);
  const digits = seconds < 0.995 ? 2 : seconds < 9.95 ? 1 : 0;
  return t("{seconds} s", { seconds: fixed(seconds, digits) });
}

/** A place in a sound: 0:07.3, 2:05. */
export function moment(seconds: number): string {
  const tenths = Math.floor((seconds % 1) * 10);
  return seconds < 60 ? `0:${String(Math.floor(seconds)).padStart(2, "0")}.${tenths}` : clock(seconds);
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const end = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${end}` : `${minutes}:${end}`;
}

export { count, percent } from "../messages/numbers";

/** A message of the service as a full sentence. Its punctuation and last letter decide which full stop it gets, since a
    name in it may be in another language. */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?。！？]$/.test(text) ? "" : CHINESE.test(text) ? "。" : "."}`;
const CHINESE = /[，：；]|\p{Script=Han}[^\p{L}]*$/u;

/** The folder of a path, without the name; empty at the top. */
export const folder = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** A long time to come: "about 3 min". */
export function remaining(seconds: number): string {
  if (seconds < 60) return t("less than a minute");
  if (seconds < 5400) return t("about {minutes} min", { minutes: Math.round(seconds / 60) });
  return t("about {hours} h", { hours: Math.round(seconds / 3600) });
}

export function bytes(size: number): string {
  if (size < 999_500) return `${fixed(Math.max(1, Math.round(size / 1e3)), 0)} KB`;
  return size < 999_950_000 ? `${fixed(size / 1e6, 1)} MB` : `${fixed(size / 1e9, 1)} GB`;
}
