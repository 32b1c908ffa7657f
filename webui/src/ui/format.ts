/** How things are written for people. */

/** Seconds as people read them: 0.42 s, 7.3 s, 2:05, 1:02:03. Each limit is where rounding reaches the next form. */
export function duration(seconds: number): string {
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  return clock(seconds);
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

/** With commas between thousands. Not `toLocaleString`: the first call of that costs a slow device 50 ms. */
export const count = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** What the service says, as a sentence of its own. */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The folder of a path, without the name; empty at the top. */
export const folder = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** A long time to come: "about 3 min". */
export function remaining(seconds: number): string {
  if (seconds < 60) return "less than a minute";
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

export function bytes(size: number): string {
  if (size < 999_500) return `${Math.max(1, Math.round(size / 1e3))} KB`;
  return size < 999_950_000 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}
