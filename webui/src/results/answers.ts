/** Asks the service whenever the question changes, and holds what it answered. */
import { computed, effect, signal } from "@preact/signals";
import { Refused, Unreachable } from "../api/client";
import { isBusy, isTemporary, patiently } from "../api/patience";
import { type Answer, clips, type Facets, search } from "../api/service";
import { facts, libraryVersion } from "../library/facts";
import { leaving } from "../library/leaving";
import { t } from "../messages/t";
import { isEmpty, type Question, whereOf } from "../question/model";
import { order, question, view } from "../route";
import { sentOf } from "./asking";
import { refusalOf } from "./refusals";
import { type Row, rowOfClip, rowOfHit } from "./rows";

const FIRST_HITS = 50;
/** How many points of the map an answer lights up: a tenth of them, within these. */
const LIT_HITS = { least: 20, most: 200 };
const PAGE = 100;
/** The most clips that the service lists in one answer. */
const LARGEST_LIST = 500;
/** To list further rows the service must find all earlier ones again: so each fetch doubles the rows, up to this. */
const LARGEST_PAGE = 1000;
export const pageAfter = (offset: number): number => Math.min(LARGEST_PAGE, Math.max(PAGE, offset));
/** The pause in typing after which a question is sent. */
const TYPING_PAUSE_MS = 40;

export interface Answered {
  /** The question that this is the answer to, or that was refused. */
  question: Question;
  rows: readonly Row[];
  /** In which order they stand; empty: the closest first. */
  sorted: string;
  /** How many there are, null where nobody counted: `rows` are the first of them. */
  total: number | null;
  /** The offset of the next rows; null when `rows` are all. */
  next: number | null;
  verdict: "good" | "weak" | "none" | null;
  /** The service's explanation of the verdict; may be empty. */
  reason: string;
  /** When nothing fits: the nearest tags, with how many sounds have each. */
  nearest: NonNullable<Answer["nearest"]>;
  /** How names were searched, where a word of the question is in none of them; else empty. */
  readAs: string;
  /** The language that its words were read in, by its code; empty where the service does not tell. */
  language: string;
  /** Parts that were ignored because they are no longer in the library: "clip 17", "segment 90". */
  gone: readonly string[];
  /** Defects of the question's sounds: "audio 1: truncated: ...". */
  warnings: readonly string[];
  took_ms: number;
  facets: Facets | null;
  /** How many sounds are likely, which the facets count; null without calibration. */
  likely: NonNullable<Answer["likely"]> | null;
  /** Why there is no answer. */
  refusal: string | null;
}

/** Why the answer shown is not up to date, though the question is valid. */
export interface Trouble {
  why: string;
  /** Retry; null while that happens automatically. */
  again: (() => void) | null;
}

export const answered = signal<Answered | null>(null);
export const waiting = signal(false);
export const trouble = signal<Trouble | null>(null);
/** How many hits the map highlights; the minimum while the library's size is unknown. */
const litHits = computed(() => {
  const tenth = Math.ceil((facts.value?.clips ?? 0) / 10);
  return Math.min(Math.max(tenth, LIT_HITS.least), LIT_HITS.most);
});

let asking = new AbortController();

/** Keep `answered` up to date with the question. Called once. */
export function answerQuestions(): void {
  let drafted = "";
  let before = "";
  effect(() => {
    const asked = question.value;
    const ordered = order.value;
    void libraryVersion.value;
    if (view.value === "library") return;
    const k = view.value === "map" ? litHits.value : FIRST_HITS;
    const typing = asked.draft !== drafted;
    drafted = asked.draft;
    const isAgain = before === `${view.value} ${ordered}`;
    before = `${view.value} ${ordered}`;
    const first = { least: k, most: isAgain ? listedOf(asked) : 0 };
    asking.abort();
    asking = new AbortController();
    const { signal: aborted } = asking;
    waiting.value = true;
    setTimeout(() => void answer(asked, ordered, first, aborted), typing ? TYPING_PAUSE_MS : 0);
  });
}

/** How many rows of this question's answer are fetched; 0 when the answer is to another question. */
function listedOf(asked: Question): number {
  const now = answered.peek();
  return now?.question === asked ? (now.next ?? now.rows.length) : 0;
}

/** Fetch more rows behind those that are there. */
export async function more(): Promise<void> {
  const now = answered.peek();
  if (!now || waiting.peek() || trouble.peek() || now.next === null) return;
  const { signal: aborted } = asking;
  const offset = now.next;
  // what is said of the answer as a whole stays: the rest of it changes neither the verdict nor the facets
  const limit = isEmpty(now.question) ? PAGE : pageAfter(offset);
  const get = async () => goneOn(now, await stretch(now.question, order.peek(), { offset, limit }, aborted));
  await run(
    aborted,
    get,
    (why) => {
      trouble.value = { why: t("The rest could not be fetched: {why}", { why }), again: () => anew(more) };
    },
    more,
  );
}

const goneOn = (now: Answered, rest: Answered): Answered => ({
  ...now,
  rows: [...now.rows, ...rest.rows],
  next: rest.next,
});

/** How many rows to ask for first: when the same answer is refreshed, as many as are listed now. */
interface First {
  least: number;
  most: number;
}

async function answer(asked: Question, ordered: string, first: First, aborted: AbortSignal): Promise<void> {
  if (aborted.aborted) return;
  const browsing = isEmpty(asked);
  const [least, largest] = browsing ? [PAGE, LARGEST_LIST] : [first.least, LARGEST_PAGE];
  const limit = (there: number) => Math.min(largest, Math.max(least, first.most - there));
  const get = async () => {
    let found = await stretch(asked, ordered, { offset: 0, limit: limit(0) }, aborted);
    for (let next = found.next; next !== null && next < first.most; next = found.next)
      found = goneOn(found, await stretch(asked, ordered, { offset: next, limit: limit(next) }, aborted));
    return found;
  };
  const retry = (next: AbortSignal) => answer(asked, ordered, first, next);
  const onRefused = async (why: string, error: Refused) => {
    if (isTemporary(error)) {
      trouble.value = { why, again: () => anew(retry) };
      return;
    }
    const refusal = refused(asked, await refusalOf(asked, why, aborted));
    if (!aborted.aborted) answered.value = refusal;
  };
  await run(aborted, get, onRefused, retry);
}

/** Let what is under way go, and get it anew. */
function anew(get: (aborted: AbortSignal) => Promise<void>): void {
  asking.abort();
  asking = new AbortController();
  trouble.value = null;
  waiting.value = false;
  void get(asking.signal);
}

/** A service that says nothing for so long may hang: someone who waits is told, and can ask once more. */
const SLOW_MS = 3000;

/** Show what `get` brings; `onRefused` hears why there is nothing, and whether the question is not to blame; `retry` does it all again. */
async function run(
  aborted: AbortSignal,
  get: () => Promise<Answered>,
  onRefused: (why: string, error: Refused) => unknown,
  retry: (aborted: AbortSignal) => Promise<void>,
): Promise<void> {
  waiting.value = true;
  trouble.value = null;
  const sayBusy = () => {
    trouble.value = { why: t("The service is busy. Trying again automatically."), again: null };
  };
  const slow = setTimeout(() => {
    if (aborted.aborted || trouble.peek()) return;
    const why = t("The service has not answered for 3 seconds. It may be busy, or stuck.");
    trouble.value = { why, again: () => anew(retry) };
  }, SLOW_MS);
  try {
    const found = await patiently(get, aborted, sayBusy);
    if (aborted.aborted) return;
    answered.value = withoutLeaving(found);
    trouble.value = null;
  } catch (error) {
    clearTimeout(slow);
    if (aborted.aborted) return;
    trouble.value = null;
    if (error instanceof Refused && error.status !== 401) await onRefused(whyOf(error), error);
    else if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
  } finally {
    clearTimeout(slow);
    if (!aborted.aborted) waiting.value = false;
  }
}

function withoutLeaving(found: Answered): Answered {
  const rows = found.rows.filter((row) => !leaving.peek().has(row.clip_id));
  const fewer = found.rows.length - rows.length;
  if (fewer === 0) return found;
  return { ...found, rows, total: found.total === null ? null : found.total - fewer };
}

function whyOf(error: Refused): string {
  if (isBusy(error)) return t("The service is busy: {why}", { why: error.message });
  return isTemporary(error)
    ? t("The service failed, but not because of your search: {why}", { why: error.message })
    : error.message;
}

const stretch = (asked: Question, ordered: string, of: Stretch, aborted: AbortSignal): Promise<Answered> =>
  isEmpty(asked) ? page(asked, ordered, of, aborted) : hits(asked, of, aborted);

async function page(
  asked: Question,
  ordered: string,
  { offset, limit }: Stretch,
  aborted: AbortSignal,
): Promise<Answered> {
  const where = whereOf(asked.filters);
  const found = await clips(
    {
      where,
      region: asked.region || null,
      within: asked.within || null,
      sort: ordered,
      offset,
      limit,
      facets: offset === 0,
    },
    aborted,
  );
  return {
    question: asked,
    rows: found.clips.map((clip, place) => rowOfClip(clip, offset + place + 1)),
    total: found.total,
    next: nextOf(offset + found.clips.length, found.total),
    ...UNASKED,
    sorted: ordered,
    facets: found.facets ?? null,
  };
}

/** What is said of an answer to a question, where there is none. */
const UNASKED = {
  sorted: "",
  verdict: null,
  reason: "",
  nearest: [],
  readAs: "",
  language: "",
  gone: [],
  warnings: [],
  took_ms: 0,
  facets: null,
  likely: null,
  refusal: null,
} satisfies Partial<Answered>;

const nextOf = (seen: number, total: number): number | null => (seen < total ? seen : null);

interface Stretch {
  offset: number;
  limit: number;
}

async function hits(asked: Question, { offset, limit }: Stretch, aborted: AbortSignal): Promise<Answered> {
  const sent = await sentOf(asked);
  if (typeof sent === "string") return refused(asked, sent);
  const found = await search({ ...sent.body, k: limit, offset, facets: offset === 0 }, sent.files, aborted);
  return {
    question: asked,
    rows: found.hits.map((hit, place) => rowOfHit(hit, offset + place + 1)),
    sorted: "",
    total: offset === 0 && (found.next_offset ?? null) === null ? found.hits.length : null,
    next: found.next_offset ?? null,
    verdict: found.verdict,
    reason: found.reason,
    nearest: found.nearest ?? [],
    readAs: found.did_you_mean ?? "",
    language: found.language ?? "",
    gone: found.gone ?? [],
    warnings: found.warnings ?? [],
    took_ms: found.took_ms,
    facets: found.facets ?? null,
    likely: found.likely ?? null,
    refusal: null,
  };
}

function refused(asked: Question, refusal: string): Answered {
  return { question: asked, rows: [], total: 0, next: null, ...UNASKED, refusal };
}
