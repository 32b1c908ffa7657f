/** Asks the service whenever the question changes, and holds what it answered. */
import { effect, signal, untracked } from "@preact/signals";
import { Refused, Unreachable } from "../api/client";
import { clips, type Facets, search } from "../api/service";
import { facts, libraryVersion } from "../library/facts";
import { allParts, bodyOf, isEmpty, isWanting, type Question, whereOf } from "../question/model";
import { findSound } from "../question/sounds";
import { question, view } from "../route";
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
  took_ms: number;
  facets: Facets | null;
  /** Why there is no answer. */
  refusal: string | null;
}

export const sort = signal("-added");
export const answered = signal<Answered | null>(null);
export const waiting = signal(false);

let asking = new AbortController();

/** Keep `answered` up to date with the question. Called once. */
export function answerQuestions(): void {
  let drafted = "";
  effect(() => {
    const asked = question.value;
    const order = sort.value;
    void libraryVersion.value;
    if (view.value === "library") return;
    const typing = asked.draft !== drafted;
    drafted = asked.draft;
    asking.abort();
    asking = new AbortController();
    const { signal: aborted } = asking;
    waiting.value = true;
    setTimeout(() => void answer(asked, order, aborted), typing ? TYPING_PAUSE_MS : 0);
  });
}

/** Fetch more rows behind those that are there. */
export async function more(): Promise<void> {
  const now = answered.peek();
  if (!now || waiting.peek() || now.rows.length >= now.total) return;
  waiting.value = true;
  const { signal: aborted } = asking;
  await run(aborted, async () =>
    isEmpty(now.question)
      ? {
          ...now,
          rows: [...now.rows, ...(await page(now.question, sort.peek(), now.rows.length, aborted)).rows],
        }
      : await hits(now.question, MOST_HITS, aborted),
  );
}

async function answer(asked: Question, order: string, aborted: AbortSignal): Promise<void> {
  if (aborted.aborted) return;
  await run(aborted, () =>
    isEmpty(asked)
      ? page(asked, order, 0, aborted)
      : hits(asked, view.peek() === "map" ? litHits() : FIRST_HITS, aborted),
  );
}

function litHits(): number {
  const tenth = Math.ceil((facts.peek()?.clips ?? Number.POSITIVE_INFINITY) / 10);
  return Math.min(Math.max(tenth, LIT_HITS.least), LIT_HITS.most);
}

async function run(aborted: AbortSignal, get: () => Promise<Answered>): Promise<void> {
  const asked = untracked(() => question.value);
  try {
    const found = await get();
    if (!aborted.aborted) answered.value = found;
  } catch (error) {
    if (aborted.aborted) return;
    if (error instanceof Refused && error.status !== 401) answered.value = refused(asked, error.message);
    else if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
  } finally {
    if (!aborted.aborted) waiting.value = false;
  }
}

async function page(asked: Question, order: string, offset: number, aborted: AbortSignal): Promise<Answered> {
  const where = whereOf(asked.filters);
  const found = await clips(
    { where, region: asked.region || null, sort: order, offset, limit: PAGE, facets: offset === 0 },
    aborted,
  );
  return {
    question: asked,
    rows: found.clips.map(rowOfClip),
    total: found.total,
    verdict: null,
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
    took_ms: found.took_ms,
    facets: found.facets ?? null,
    refusal: null,
  };
}

const fieldOf = (file: string): string => `sound-${file}`;

function refused(asked: Question, refusal: string): Answered {
  return { question: asked, rows: [], total: 0, verdict: null, took_ms: 0, facets: null, refusal };
}
