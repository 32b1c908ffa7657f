// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";
import { followMatches, matches } from "../../src/inspector/matches";
import { NOTHING, whereOf } from "../../src/question/model";
import { type Answered, answered } from "../../src/results/answers";
import type { Row } from "../../src/results/rows";
import { waitFor } from "../waiting";

const service = vi.hoisted(() => ({ moments: vi.fn() }));
vi.mock("../../src/api/service", () => service);

it("passages are asked for with all that the question says: its filters, and the language of its words", async () => {
  service.moments.mockResolvedValue({ moments: [{ start_s: 1, end_s: 2 }] });
  const question = { ...NOTHING, draft: "Hund", filters: ["duration_s >= 12"], language: "de" };
  answered.value = { question } as unknown as Answered;
  const end = followMatches({ clip_id: 7, score: 0.5, notes: false } as Row, 30);
  await waitFor(() => expect(matches.value).toHaveLength(1));
  end();
  expect(service.moments.mock.calls[0]?.[0]).toMatchObject({
    language: "de",
    where: whereOf(question.filters),
    within: "clip:7",
  });
});
