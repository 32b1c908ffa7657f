// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "../../src/api/client";
import { isTemporary, patiently, pause } from "../../src/api/patience";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Something that is refused first, as often as there are errors, and then answers. */
const refusing = (...errors: Error[]) =>
  vi.fn(() => {
    const error = errors.shift();
    return error ? Promise.reject(error) : Promise.resolve("answer");
  });

const never = () => new AbortController().signal;

describe("a busy service", () => {
  it("is asked again when it likes to be, and every wait is told", async () => {
    const get = refusing(new Refused(503, "busy", 7), new Refused(429, "busy"));
    const onBusy = vi.fn();
    const answer = patiently(get, never(), onBusy);
    await vi.advanceTimersByTimeAsync(6999);
    expect(get).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(get).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await answer).toBe("answer");
    expect(onBusy).toHaveBeenCalledTimes(2);
  });

  it("is asked six times in all", async () => {
    const get = vi.fn(() => Promise.reject(new Refused(503, "busy", 1)));
    const refused = expect(patiently(get, never(), vi.fn())).rejects.toThrow("busy");
    await vi.runAllTimersAsync();
    await refused;
    expect(get).toHaveBeenCalledTimes(6);
  });

  it("is not waited for longer than people do", async () => {
    const get = refusing(new Refused(429, "busy", 31));
    await expect(patiently(get, never(), vi.fn())).rejects.toThrow("busy");
    expect(get).toHaveBeenCalledTimes(1);
  });

  it("is not asked any more by who left", async () => {
    const leaving = new AbortController();
    const get = refusing(new Refused(503, "busy", 10));
    const left = expect(patiently(get, leaving.signal, vi.fn())).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(500);
    leaving.abort();
    await vi.runAllTimersAsync();
    await left;
    expect(get).toHaveBeenCalledTimes(1);
  });
});

it.each([new Refused(422, "wrong"), new Refused(500, "failed"), new Unreachable()])(
  "%s is thrown at once",
  async (error) => {
    const get = refusing(error);
    await expect(patiently(get, never(), vi.fn())).rejects.toBe(error);
    expect(get).toHaveBeenCalledTimes(1);
  },
);

it("what the service may answer another time is temporary", () => {
  const temporary = [400, 401, 404, 413, 422, 429, 500, 503].filter((status) =>
    isTemporary(new Refused(status, "")),
  );
  expect(temporary).toEqual([429, 500, 503]);
});

it("a pause ends early when it is aborted", async () => {
  const leaving = new AbortController();
  const over = pause(100, leaving.signal);
  leaving.abort();
  await over;
  expect(vi.getTimerCount()).toBe(0);
});
