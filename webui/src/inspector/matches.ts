/** Every passage of the chosen sound that fits the question, and going from one to the next. */
import { effect, signal } from "@preact/signals";
import { moments } from "../api/service";
import { position } from "../player/player";
import type { Passage, Question } from "../question/model";
import { answered } from "../results/answers";
import { sentOf } from "../results/asking";
import type { Row } from "../results/rows";
import { inspected, playPassage } from "../results/selection";

/** Shorter sounds are one passage. */
export const LEAST_S = 12;
const MOST = 100;

/** The matching passages by time; null before they are known, and without a question. */
export const matches = signal<readonly Passage[] | null>(null);
/** The passage that was visited last. */
export const stepped = signal<Passage | null>(null);
/** The sound whose passages these are. */
let matched: Row | null = null;

/** Whether a question can be asked of one sound alone: a tune has no passages. */
export const hasMoments = ({ parts }: Question): boolean =>
  parts.every(({ thing }) => thing.kind !== "hum" && thing.kind !== "notes");

/** Keep up with the sound that is looked at, of which this is the length; gives back what ends it. */
export function followMatches(row: Row, duration_s: number): () => void {
  return effect(() => {
    const question = answered.value?.question;
    matches.value = null;
    stepped.value = null;
    matched = row;
    const leaving = new AbortController();
    const isLong = duration_s >= LEAST_S && !row.notes && row.score !== null;
    if (question && isLong && hasMoments(question)) void look(row, question, leaving.signal);
    return () => leaving.abort();
  });
}

async function look(row: Row, question: Question, aborted: AbortSignal): Promise<void> {
  try {
    const sent = await sentOf(question);
    if (typeof sent === "string") return;
    const { parts = [], where, language, recall } = sent.body;
    const body = { parts, where, language, recall, within: `clip:${row.clip_id}`, k: MOST };
    const found = (await moments(body, sent.files, aborted)).moments;
    if (aborted.aborted) return;
    const passages = found.map(({ start_s, end_s }) => ({ start_s, end_s }));
    matches.value = passages.sort((one, other) => one.start_s - other.start_s);
  } catch {
    // an encoder without frames, or a file that is away: only the passage of the hit is known
  }
}

/** The next passage after a time, or with -1 the one before it; after the last comes the first, and the reverse. */
export function stepFrom(passages: readonly Passage[], at_s: number, step: 1 | -1): Passage | undefined {
  const behind = (one: Passage) => one.start_s > at_s + 0.001;
  const before = (one: Passage) => one.end_s < at_s && one.start_s < at_s;
  return step > 0 ? (passages.find(behind) ?? passages[0]) : (passages.findLast(before) ?? passages.at(-1));
}

/** Go to the next match, or the one before, and play it. */
export function stepMatch(step: 1 | -1): Passage | undefined {
  const row = inspected.peek();
  if (!row || row.clip_id !== matched?.clip_id) return undefined;
  const passage = stepFrom(matches.peek() ?? [], position.peek(), step);
  stepped.value = passage ?? null;
  if (passage) playPassage(row, passage);
  return passage;
}
