/** The questions asked in this browser, the last first; a question that is typed further replaces its beginning. */
import { effect } from "@preact/signals";
import { question } from "../route";
import { answered } from "../results/answers";
import { rememberedSignal } from "../ui/remembered";
import { isEmpty, type Question } from "./model";
import { readQuestion, writeQuestion } from "./url";

const MOST = 50;

/** The questions as their addresses have them. */
export const asked = rememberedSignal<readonly string[]>("soundalike.history", questionsIn, JSON.stringify);

function questionsIn(kept: string | null): string[] {
  try {
    const read: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(read) ? read.filter((one) => typeof one === "string") : [];
  } catch {
    return []; // somebody else wrote there
  }
}

/** Keep what is asked. Called once. */
export function keepHistory(): void {
  effect(() => {
    const now = answered.value;
    if (!now || now.refusal || isEmpty(now.question) || now.question !== question.peek()) return;
    asked.value = withQuestion(asked.peek(), now.question);
  });
}

/** The history with one more question; none is in it twice. */
export function withQuestion(before: readonly string[], now: Question): string[] {
  const written = writeQuestion(now).toString();
  const [last, ...others] = before;
  const isGoneOn = last !== undefined && isBeginning(readQuestion(new URLSearchParams(last)), now);
  const rest = isGoneOn ? others : before;
  return [written, ...rest.filter((one) => one !== written)].slice(0, MOST);
}

/** Whether a question is an unfinished version of another, or the same with its words as a chip. */
function isBeginning(last: Question, now: Question): boolean {
  if (last.draft === "") return false;
  const same = (one: Question) => writeQuestion({ ...one, draft: "" }).toString();
  return same(last) === same(now) && (now.draft.startsWith(last.draft) || last.draft.startsWith(now.draft));
}
