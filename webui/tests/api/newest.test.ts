import { expect, it } from "vitest";
import { newestOf } from "../../src/api/newest";

/** What is asked for, answered when a test says so. */
function asked<T>() {
  const answers: ((found: T) => void)[] = [];
  return { answers, get: () => new Promise<T>((resolve) => answers.push(resolve)) };
}

it("an answer that was overtaken by that to a later question is let go", async () => {
  const taken: string[] = [];
  const take = newestOf<string>((found) => taken.push(found));
  const { answers, get } = asked<string>();
  const all = [take(get), take(get), take(get)];
  answers[1]?.("second");
  await all[1];
  answers[0]?.("first");
  await all[0];
  answers[2]?.("third");
  await all[2];
  expect(taken).toEqual(["second", "third"]);
});

it("a failure takes nothing away from what was asked before", async () => {
  const taken: string[] = [];
  const take = newestOf<string>((found) => taken.push(found));
  const { answers, get } = asked<string>();
  const first = take(get);
  await expect(take(() => Promise.reject(new Error("away")))).rejects.toThrow("away");
  answers[0]?.("first");
  await first;
  expect(taken).toEqual(["first"]);
});
