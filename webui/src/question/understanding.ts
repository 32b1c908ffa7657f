/** A sentence in plain language as a question: chips and filters that can be changed, and what was not understood. */
import { askSentence, type Understood } from "../api/service";
import { t } from "../messages/t";
import { answered } from "../results/answers";
import { ask, question } from "../route";
import { sayFailure } from "../ui/toasts";
import type { Part } from "./model";
import { understood } from "./understood";

const MOST_BEFORE = 100;

/** Ask what was typed as a sentence. */
export async function understand(): Promise<void> {
  const { draft, parts, filters } = question.peek();
  const sentence = draft.trim();
  if (!sentence) return;
  const previous = (answered.peek()?.rows ?? []).slice(0, MOST_BEFORE).map((row) => row.clip_id);
  try {
    const said = await askSentence({ sentence, previous, answer: false, offset: 0 });
    if (question.peek().draft.trim() !== sentence) return; // whoever types on means something else
    const where = said.query.where;
    ask({
      draft: "",
      parts: [...parts, ...said.query.parts.map(partOf)],
      filters: where && !filters.includes(where) ? [...filters, where] : filters,
    });
    understood.value = { asked: question.peek(), said };
  } catch (error) {
    sayFailure(t("The sentence could not be understood"), error);
  }
}

export function partOf(part: Understood["query"]["parts"][number]): Part {
  const thing =
    "text" in part ? { kind: "text" as const, text: part.text } : { kind: "clip" as const, id: part.clip_id };
  return { thing, weight: part.weight };
}
