/** The columns of the list: which are shown, how their values are written, and how they sort. */
import { computed } from "@preact/signals";
import { fixed } from "../messages/numbers";
import { message, t, type Plain } from "../messages/t";
import { isEmpty } from "../question/model";
import { by, order, question } from "../route";
import { duration } from "../ui/format";
import { rememberedSignal } from "../ui/remembered";
import type { Known } from "./columnfacts";
import { fileName, type Row } from "./rows";

export interface Column {
  name: string;
  title: Plain;
  /** What it means, and in which unit. */
  means: Plain;
  width_rem: number;
  /** The service's name of its order; null when it cannot be sorted. */
  sort: string | null;
  /** The text shown; empty when the column does not apply to this sound. */
  text: (known: Known, row: Row) => string;
}

const number = (known: Known, name: string): number | null => {
  const value = known?.facts[name];
  return typeof value === "number" ? value : null;
};
const word = (known: Known, name: string): string => String(known?.facts[name] ?? "");
/** A number as it is written; empty where there is none. */
const written = (known: Known, name: string, write: (value: number) => string): string => {
  const value = number(known, name);
  return value === null ? "" : write(value);
};

const CHANNELS: Readonly<Record<number, Plain>> = { 1: message("mono"), 2: message("stereo") };
const NOTES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/** The service's words. */
const BRIGHTNESS: Readonly<Record<string, Plain>> = {
  "very dark": message("very dark"),
  dark: message("dark@@sound"),
  medium: message("medium"),
  bright: message("bright"),
  "very bright": message("very bright"),
};

function keyName(key: string): string {
  const [note = "", mode] = key.split(" ");
  if (mode === "major") return t("{note} major", { note });
  return mode === "minor" ? t("{note} minor", { note }) : key;
}

/** 440 Hz is A4. */
export function noteOf(pitch_hz: number): string {
  const semitone = Math.round(69 + 12 * Math.log2(pitch_hz / 440));
  return `${NOTES[((semitone % 12) + 12) % 12]}${Math.floor(semitone / 12) - 1}`;
}

export const minus = (text: string): string => text.replace("-", "−");

export const formatOf = (row: Pick<Row, "path">): string =>
  /\.([^.]{1,5})$/.exec(fileName(row))?.[1]?.toUpperCase() ?? "";

export const COLUMNS: readonly Column[] = [
  {
    name: "length",
    title: message("Length"),
    means: message("how long it is"),
    width_rem: 3.75,
    sort: "duration_s",
    text: (known, row) => {
      const length_s = row.duration_s ?? known?.duration_s;
      return length_s === undefined ? "" : duration(length_s);
    },
  },
  {
    name: "rate",
    title: message("Rate"),
    means: message("samples per second"),
    width_rem: 4.25,
    sort: "sample_rate_hz",
    text: (known) => written(known, "sample_rate_hz", (rate_hz) => `${rate_hz / 1000} kHz`),
  },
  {
    name: "channels",
    title: message("Channels"),
    means: message("of the file"),
    width_rem: 4,
    sort: "channels",
    text: (known) =>
      written(known, "channels", (channels) => {
        const name = CHANNELS[channels];
        return name ? t(name) : String(channels);
      }),
  },
  {
    name: "format",
    title: message("Format"),
    means: message("of the file"),
    width_rem: 3.5,
    sort: null,
    text: (_, row) => formatOf(row),
  },
  {
    name: "loudness",
    title: message("Loudness"),
    means: message("integrated, in LUFS"),
    width_rem: 5,
    sort: "loudness",
    text: (known) => written(known, "loudness", (loudness) => `${minus(fixed(loudness, 1))} LUFS`),
  },
  {
    name: "pitch",
    title: message("Pitch"),
    means: message("held for most of the sound"),
    width_rem: 6,
    sort: "pitch_hz",
    text: (known) =>
      written(known, "pitch_hz", (pitch_hz) => `${noteOf(pitch_hz)} ${Math.round(pitch_hz)} Hz`),
  },
  {
    name: "tempo",
    title: message("Tempo"),
    means: message("beats per minute"),
    width_rem: 4.25,
    sort: "tempo",
    text: (known) => written(known, "tempo", (tempo) => `${Math.round(tempo)} BPM`),
  },
  {
    name: "key",
    title: message("Key"),
    means: message("of the harmony"),
    width_rem: 4.75,
    sort: null,
    text: (known) => keyName(word(known, "key")),
  },
  {
    name: "brightness",
    title: message("Brightness"),
    means: message("centre of the spectrum, in words"),
    width_rem: 5,
    sort: "centroid_hz",
    text: (known) => {
      const said = word(known, "brightness");
      const name = BRIGHTNESS[said];
      return name ? t(name) : said;
    },
  },
];

const USUAL = "length";

/** The names of the columns that are shown. */
const chosenNames = rememberedSignal<ReadonlySet<string>>(
  "soundalike.columns",
  (kept) => new Set((kept ?? USUAL).split(" ")),
  (names) => [...names].join(" "),
);

/** What sounds are sorted by now: its column is always shown, since an order that cannot be seen looks like none. */
export const sortedBy = computed(() => (isEmpty(question.value) ? order.value : by.value).replace(/^-/, ""));

const shown = computed(() =>
  COLUMNS.filter(({ name, sort }) => chosenNames.value.has(name) || sort === sortedBy.value),
);
const titled = computed(() => shown.value.some(({ name }) => name !== USUAL));

export const columnsShown = (): readonly Column[] => shown.value;

export function toggleColumn(name: string): void {
  const names = new Set(chosenNames.peek());
  if (!names.delete(name)) names.add(name);
  chosenNames.value = names;
}

/** Whether the columns have a line of titles; the usual column alone needs none. */
export const areTitled = (): boolean => titled.value;

/** How many columns stand in a line of a phone's rows, below the name, and how high the line is. */
const FACTS_A_LINE = 5;
export const FACTS_LINE_PX = 20;
export const factLines = (): number => (areTitled() ? Math.ceil(columnsShown().length / FACTS_A_LINE) : 0);

/** How high the line of titles is. */
export const HEAD_PX = 28;

export const widthOf = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width_rem }) => sum + width_rem, 0) + Math.max(0, columns.length - 1) * 0.5;
