/** Asks the service whenever the question changes, and holds what it answered. */
import { computed, effect, signal } from "@preact/signals";
import { Refused, Unreachable } from "../api/client";
import { isBusy, isTemporary, patiently } from "../api/patience";
import { clips, type Facets, search } from "../api/service";
import { facts, libraryVersion } from "../library/facts";
import { allParts, bodyOf, isEmpty, isWanting, type Question, whereOf } from "../question/model";
import { findSound } from "../question/sounds";
import { order, question, view } from "../route";
import { type Row, rowOfClip, rowOfHit } from "./rows";

const FIRST_HITS = 50;
/** How many points of the map an answer lights up: a tenth of them, within these. */
const LIT_HITS = { least: 20, most: 200 };
export const MOST_HITS = 1000;
const PAGE = 100;
/** Typing asks after a pause as short as between two quick strokes; answers take less time than the next stroke. */
const TYPING_PAUSE_MS = 40;

export interface Answered {
  /** The question that this answers, or stood for when it was refused. */
  question: Question;
  rows: readonly Row[];
  /** How many there are, as far as is known: `rows` may be the first of them. */
  total: number;
  verdict: "good" | "weak" | "none" | null;
  /** What the service says of the verdict; empty where there is nothing to say. */
  reason: string;
  took_ms: number;
  facets: Facets | null;
  /** Why there is no answer. */
  refusal: string | null;
}

/** Why what is shown is not what was asked for, though nothing is wrong with the question. */
export interface Trouble {
  why: string;
  /** Ask once more; null while that happens by itself. */
  again: (() => void) | null;
}

export const answered = signal<Answered | null>(null);
export const waiting = signal(false);
export const trouble = signal<Trouble | null>(null);
/** How many hits the map lights up; the fewest while nobody knows how large the library is. */
const litHits = computed(() => {
  const tenth = Math.ceil((facts.value?.clips ?? 0) / 10);
  return Math.min(Math.max(tenth, LIT_HITS.least), LIT_HITS.most);
});

let asking = new AbortController();

/** Keep `answered` up to date with the question. Called once. */
export function answerQuestions(): void {
  let drafted = "";
  effect(() => {
    const asked = question.value;
    const ordered = order.value;
    void libraryVersion.value;
    if (view.value === "library") return;
    const k = view.value === "map" ? litHits.value : FIRST_HITS;
    const typing = asked.draft !== drafted;
    drafted = asked.draft;
    asking.abort();
    asking = new AbortController();
    const { signal: aborted } = asking;
    waiting.value = true;
    setTimeout(() => void answer(asked, ordered, k, aborted), typing ? TYPING_PAUSE_MS : 0);
  });
}

/** Fetch more rows behind those that are there. */
export async function more(): Promise<void> {
  const now = answered.peek();
  if (!now || waiting.peek() || trouble.peek() || now.rows.length >= now.total) return;
  const { signal: aborted } = asking;
  const get = async () =>
    isEmpty(now.question)
      ? {
          ...now,
          rows: [...now.rows, ...(await page(now.question, order.peek(), now.rows.length, aborted)).rows],
        }
      : await hits(now.question, MOST_HITS, aborted);
  await run(aborted, get, (why) => {
    trouble.value = { why: `The rest could not be fetched: ${why}`, again: () => again(more) };
  });
}

async function answer(asked: Question, ordered: string, k: number, aborted: AbortSignal): Promise<void> {
  if (aborted.aborted) return;
  const get = () => (isEmpty(asked) ? page(asked, ordered, 0, aborted) : hits(asked, k, aborted));
  await run(aborted, get, (why, temporary) => {
    if (temporary) trouble.value = { why, again: () => again(() => answer(asked, ordered, k, aborted)) };
    else answered.value = refused(asked, why);
  });
}

function again(get: () => Promise<void>): void {
  trouble.value = null;
  void get();
}

/** Show what `get` brings; `onRefused` hears why there is nothing, and whether the question is not to blame. */
async function run(
  aborted: AbortSignal,
  get: () => Promise<Answered>,
  onRefused: (why: string, temporary: boolean) => void,
): Promise<void> {
  waiting.value = true;
  trouble.value = null;
  const sayBusy = () => {
    trouble.value = { why: "The service is busy. It is asked again by itself.", again: null };
  };
  try {
    const found = await patiently(get, aborted, sayBusy);
    if (aborted.aborted) return;
    answered.value = found;
    trouble.value = null;
  } catch (error) {
    if (aborted.aborted) return;
    trouble.value = null;
    if (error instanceof Refused && error.status !== 401) onRefused(whyOf(error), isTemporary(error));
    else if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
  } finally {
    if (!aborted.aborted) waiting.value = false;
  }
}

function whyOf(error: Refused): string {
  if (isBusy(error)) return `The service is busy: ${error.message}`;
  return isTemporary(error)
    ? `The service failed, and not for what you asked: ${error.message}`
    : error.message;
}

async function page(
  asked: Question,
  ordered: string,
  offset: number,
  aborted: AbortSignal,
): Promise<Answered> {
  const where = whereOf(asked.filters);
  const found = await clips(
    { where, region: asked.region || null, sort: ordered, offset, limit: PAGE, facets: offset === 0 },
    aborted,
  );
  return {
    question: asked,
    rows: found.clips.map(rowOfClip),
    total: found.total,
    verdict: null,
    reason: "",
    took_ms: 0,
    facets: found.facets ?? null,
    refusal: null,
  };
}

async function hits(asked: Question, k: number, aborted: AbortSignal): Promise<Answered> {
  if (!isWanting(asked))
    return refused(asked, "Add something that you want: all of this says what you do not want.");
  const files = new Map<string, File>();
  for (const { thing } of asked.parts) {
    if (thing.kind !== "audio" && thing.kind !== "hum") continue;
    const file = await findSound(thing.file);
    if (!file)
      return refused(
        asked,
        "A sound of this question is not kept in this browser. Drop it here again, or remove it.",
      );
    files.set(fieldOf(thing.file), file);
  }
  const parts = allParts(asked).map((part) => bodyOf(part, fieldOf));
  const region = asked.region || null;
  const found = await search(
    { parts, k, where: whereOf(asked.filters), region, facets: true },
    files,
    aborted,
  );
  return {
    question: asked,
    rows: found.hits.map(rowOfHit),
    total: found.hits.length < k || k === MOST_HITS ? found.hits.length : MOST_HITS,
    verdict: found.verdict,
    reason: found.reason,
    took_ms: found.took_ms,
    facets: found.facets ?? null,
    refusal: null,
  };
}

const fieldOf = (file: string): string => `sound-${file}`;

function refused(asked: Question, refusal: string): Answered {
  return {
    question: asked,
    rows: [],
    total: 0,
    verdict: null,
    reason: "",
    took_ms: 0,
    facets: null,
    refusal,
  };
}
