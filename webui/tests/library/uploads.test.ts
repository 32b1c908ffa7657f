// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NamedFile } from "../../src/library/dropped";
import { sending } from "../../src/library/sending";
import { notAdded, upload } from "../../src/library/uploads";

/** What the service took, request by request. */
let taken: string[][];
let answer: (names: string[]) => Response;

/** The job that each request joins, and the key that it is sent under. */
let joined: (string | null)[];
let keys: string[];

/** Whether the job is still on the list. */
let isThere: boolean;

const accepted = () => Response.json({ id: 7, files: taken.flat() });
const named = (...names: string[]): NamedFile[] =>
  names.map((name) => ({ name, file: new File(["x"], name) }));

beforeEach(() => {
  [taken, joined, keys] = [[], [], []];
  isThere = false;
  answer = accepted;
  notAdded.value = [];
  vi.stubGlobal("EventSource", class {});
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    if (url.endsWith("/jobs/7") && !isThere)
      return Promise.resolve(Response.json({ detail: "no job has the id 7" }, { status: 404 }));
    if (!(init.body instanceof FormData)) return Promise.resolve(Response.json({ jobs: [] }));
    const names = init.body.getAll("files").map((one) => (one as File).name);
    joined.push(init.body.get("job") as string | null);
    keys.push((init.headers as Record<string, string>)["Idempotency-Key"] ?? "");
    const response = answer(names);
    if (response.ok) taken.push(names);
    return Promise.resolve(response);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("files on their way to the library", () => {
  it("are sent fifty at a time, and none that is no sound", async () => {
    const sounds = named(...Array.from({ length: 120 }, (_, at) => `${at}.wav`));
    await upload([...named("readme.txt"), ...sounds]);
    expect(taken.map((names) => names.length)).toEqual([50, 50, 20]);
    expect(taken.flat()).toEqual(sounds.map(({ name }) => name));
    expect(sending.value).toBeNull();
    expect(joined).toEqual([null, "7", "7"]);
    expect(new Set(keys).size).toBe(3);
  });

  it("are no more bytes at a time than the service takes", async () => {
    const large = named("a.wav", "b.wav", "c.wav");
    for (const { file } of large) Object.defineProperty(file, "size", { value: 20 * 2 ** 20 });
    await upload(large);
    expect(taken).toEqual([["a.wav", "b.wav"], ["c.wav"]]);
  });

  it("lose one that is refused, and few of the others their company", async () => {
    answer = (names) =>
      names.includes("5.wav")
        ? Response.json({ detail: "5.wav: it is no sound" }, { status: 422 })
        : accepted();
    await upload(named(...Array.from({ length: 8 }, (_, at) => `${at}.wav`)));
    expect(taken.flat().sort()).toEqual([0, 1, 2, 3, 4, 6, 7].map((at) => `${at}.wav`));
    expect(taken.length).toBe(3);
    expect(notAdded.value).toEqual([{ name: "5.wav", cause: "it is no sound" }]);
  });

  it("are a job of their own where the one that they should join was taken off the list", async () => {
    answer = () =>
      joined.at(-1) === null
        ? accepted()
        : Response.json({ detail: "no job of uploads has the id 7" }, { status: 409 });
    await upload(named(...Array.from({ length: 60 }, (_, at) => `${at}.wav`)));
    expect(joined).toEqual([null, "7", null]);
    expect(taken.map((names) => names.length)).toEqual([50, 10]);
    expect(notAdded.value).toEqual([]);
  });

  it("are not added where the job that they should join was cancelled", async () => {
    isThere = true;
    answer = () =>
      joined.at(-1) === null
        ? accepted()
        : Response.json({ detail: "job 7 is cancelled; it takes no more files" }, { status: 409 });
    await upload(named(...Array.from({ length: 51 }, (_, at) => `${at}.wav`)));
    expect(joined).toEqual([null, "7"]);
    expect(notAdded.value.map(({ name }) => name)).toEqual(["50.wav"]);
  });

  it("wait as long as a busy service likes, and are sent once", async () => {
    vi.useFakeTimers();
    let refusals = 2;
    answer = () =>
      refusals-- > 0
        ? Response.json({ detail: "slow down" }, { status: 429, headers: { "Retry-After": "60" } })
        : accepted();
    const done = upload(named("a.wav"));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(sending.value).toEqual({ done: 0, total: 1, waits: "slow down" });
    await vi.advanceTimersByTimeAsync(61_000);
    await done;
    expect(taken).toEqual([["a.wav"]]);
    expect(new Set(keys).size).toBe(1);
  });
});

it("what was not added is known after the page was loaded anew, until it is dismissed", async () => {
  notAdded.value = [{ name: "a.wav", cause: "damaged" }];
  vi.resetModules();
  const again = await import("../../src/library/uploads");
  expect(again.notAdded.value).toEqual([{ name: "a.wav", cause: "damaged" }]);
  again.notAdded.value = [];
  localStorage.setItem("soundalike.notadded", "{ no list");
  vi.resetModules();
  expect((await import("../../src/library/uploads")).notAdded.value).toEqual([]);
});
