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
import { followTabs } from "../../src/ui/remembered";

followTabs();
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

const taken = () => new Response(null, { status: 204 });

it("what was said on the page counts, whatever the service knew when it was asked", async () => {
  reachability.value = "gone";
  const kept = setOpinion(7, "like");
  await settle();
  answers[0]?.(taken());
  await kept;
  learnOpinions();
  reachability.value = "ok";
  await settle();
  const later = [setOpinion(8, "like"), setOpinion(9, "like"), setOpinion(9, null)];
  const known = [6, 7, 8, 9].map((clip_id) => ({ clip_id, opinion: "dislike" }));
  answers[1]?.(Response.json({ profile, feedback: known }));
  for (const at of [2, 3, 4]) {
    await settle();
    answers[at]?.(taken());
  }
  await Promise.all(later);
  expect([6, 7, 8, 9].map(opinionOf)).toEqual(["dislike", "dislike", "like", null]);
});

it("what another tab says is learnt, once the service has what was said here before", async () => {
  const kept = setOpinion(10, "like");
  dispatchEvent(new StorageEvent("storage", { key: "soundalike.profile.used", newValue: "told" }));
  await settle();
  expect(asked).toHaveLength(1);
  answers[0]?.(taken());
  await kept;
  await settle();
  expect(asked[1]).toBe("GET /api/v1/feedback/me");
  answers[1]?.(Response.json({ profile, feedback: [{ clip_id: 11, opinion: "like" }] }));
  await settle();
  expect([10, 11].map(opinionOf)).toEqual([null, "like"]);
});
