// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reachability } from "../../src/api/client";
import {
  learnOpinions,
  likedCount,
  opinionOf,
  opinionsVersion,
  profile,
  setOpinion,
} from "../../src/foryou/feedback";

const asked: string[] = [];
let answers: ((response: Response) => void)[];

/** Let what is on its way go on. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  asked.length = 0;
  answers = [];
  vi.stubGlobal("fetch", (address: string, init: RequestInit) => {
    asked.push(`${init.method ?? "GET"} ${address.replace(profile, "me")}`);
    return new Promise<Response>((resolve) => answers.push(resolve));
  });
});
afterEach(() => vi.unstubAllGlobals());

describe("an opinion", () => {
  it("is shown at once, and counts when the service has taken it", async () => {
    const version = opinionsVersion.value;
    const kept = setOpinion(1, "like");
    expect([opinionOf(1), likedCount(), opinionsVersion.value]).toEqual(["like", 1, version]);
    await settle();
    answers[0]?.(Response.json({ feedback: [] }));
    await kept;
    expect(opinionsVersion.value).toBe(version + 1);
  });

  it("is sent once those before it were taken", async () => {
    const all = Promise.all([setOpinion(2, "like"), setOpinion(2, null)]);
    await settle();
    expect(asked).toEqual(["POST /api/v1/feedback/me"]);
    answers[0]?.(Response.json({ feedback: [] }));
    await settle();
    expect(asked).toEqual(["POST /api/v1/feedback/me", "DELETE /api/v1/feedback/me/2"]);
    answers[1]?.(new Response(null, { status: 204 }));
    await all;
    expect(opinionOf(2)).toBeNull();
  });

  it("is taken back where the service refuses it, unless there is a newer one", async () => {
    const refused = setOpinion(3, "dislike");
    await settle();
    answers[0]?.(new Response("{}", { status: 503 }));
    await refused;
    expect(opinionOf(3)).toBeNull();

    const both = Promise.all([setOpinion(3, "dislike"), setOpinion(3, "like")]);
    await settle();
    answers[1]?.(new Response("{}", { status: 503 }));
    await settle();
    answers[2]?.(Response.json({ feedback: [] }));
    await both;
    expect(opinionOf(3)).toBe("like");
  });
});

it("what was said on the page counts, whatever the service knew when it was asked", async () => {
  reachability.value = "gone";
  const kept = [setOpinion(7, "like"), setOpinion(8, "like"), setOpinion(8, null)];
  await settle();
  learnOpinions();
  reachability.value = "ok";
  await settle();
  const known = [6, 7, 8].map((clip_id) => ({ clip_id, opinion: "dislike" }));
  answers[1]?.(Response.json({ profile, feedback: known }));
  await settle();
  expect([6, 7, 8].map(opinionOf)).toEqual(["dislike", "like", null]);
  for (const at of [0, 2, 3]) {
    answers[at]?.(new Response(null, { status: 204 }));
    await settle();
  }
  await Promise.all(kept);
});
