/** Why the service refused a question, found out with further requests where its message does not say. */
import { Refused } from "../api/client";
import { checkFilter, clip } from "../api/service";
import { t } from "../messages/t";
import type { Question } from "../question/model";

const [UNREADABLE, GONE] = [422, 404];

/** Why a question is refused: a clip of it is gone, or which of several filters, as it was typed, is invalid. */
export async function refusalOf(
  { filters, parts }: Question,
  why: string,
  aborted: AbortSignal,
): Promise<string> {
  const ids = parts.flatMap(({ thing }) => (thing.kind === "clip" ? [thing.id] : []));
  const several = filters.length > 1 ? filters : [];
  const [gone, wrong] = await Promise.all([
    Promise.all(ids.map((id) => refusalIn(clip(id, aborted), GONE))),
    Promise.all(several.map((filter) => refusalIn(checkFilter(filter, aborted), UNREADABLE))),
  ]);
  if (gone.some((one) => one !== null)) return t("A sound of this search is no longer in the library.");
  return wrong.find((one) => one !== null) ?? why;
}

/** The service's message when it refuses with this status; null otherwise. */
const refusalIn = (asked: Promise<unknown>, status: number): Promise<string | null> =>
  asked.then(
    () => null,
    (error: unknown) => (error instanceof Refused && error.status === status ? error.message : null),
  );
