// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask, reachability, Refused, sendJson, Unreachable } from "../../src/api/client";

const fetched = vi.fn<typeof fetch>();
const json = (status: number, body: unknown, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  fetched.mockReset();
  reachability.value = "ok";
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("an answer", () => {
  it("is the JSON below the prefix of the API", async () => {
    fetched.mockResolvedValue(json(200, { clips: 3 }));
    expect(await sendJson("POST", "/search", { k: 1 })).toEqual({ clips: 3 });
    const [address, init] = fetched.mock.calls[0] ?? [];
    expect(address).toBe("/api/v1/search");
    expect(init).toMatchObject({ method: "POST", body: '{"k":1}' });
  });

  it("without content is undefined", async () => {
    fetched.mockResolvedValue(new Response(null, { status: 204 }));
    expect(await ask("/clips/1", { method: "DELETE" })).toBeUndefined();
  });
});

describe("a refusal", () => {
  const refusal = async (response: Response): Promise<Refused> => {
    fetched.mockResolvedValue(response);
    const error: unknown = await ask("/clips").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refused);
    return error as Refused;
  };

  it("has the service's own words, and when to come back", async () => {
    const error = await refusal(json(429, { title: "busy", detail: "slow down" }, { "Retry-After": "7" }));
    expect(error).toMatchObject({ status: 429, message: "slow down", retryAfterS: 7 });
  });

  it("has its title or its status where it has no words", async () => {
    expect((await refusal(json(500, { title: "failed" }))).message).toBe("failed");
    const page = new Response("<h1>Bad gateway</h1>", { status: 502, statusText: "Bad Gateway" });
    expect(await refusal(page)).toMatchObject({ message: "502 Bad Gateway", retryAfterS: null });
  });

  it("for want of a key locks the page", async () => {
    await refusal(json(401, {}));
    expect(reachability.value).toBe("locked");
  });
});

describe("an answer that is none", () => {
  it("because it breaks off is that of a service that is gone", async () => {
    const cut = new ReadableStream({ start: (body) => body.error(new TypeError("network error")) });
    fetched.mockResolvedValue(new Response(cut, { status: 200 }));
    await expect(ask("/clips")).rejects.toBeInstanceOf(Unreachable);
    expect(reachability.value).toBe("gone");
  });

  it("because something else answered is a refusal of the moment", async () => {
    fetched.mockResolvedValue(new Response("<h1>Sign in to the hotel</h1>", { status: 200 }));
    await expect(ask("/clips")).rejects.toMatchObject({ status: 502 });
  });
});

describe("a locked page", () => {
  beforeEach(() => {
    reachability.value = "locked";
  });

  it("stays locked whatever answers without a key", async () => {
    fetched.mockImplementation(async () => json(200, {}));
    await ask("/ready");
    expect(reachability.value).toBe("locked");
    await ask("/clips");
    expect(reachability.value).toBe("ok");
  });

  it("is not locked again by a refusal of what was asked before the key", async () => {
    let refuse = (_: Response): void => undefined;
    fetched.mockReturnValueOnce(new Promise((answer) => (refuse = answer)));
    const asked = ask("/clips").catch((thrown: unknown) => thrown);
    reachability.value = "ok";
    refuse(json(401, {}));
    expect(await asked).toBeInstanceOf(Refused);
    expect(reachability.value).toBe("ok");
  });
});

describe("a service that is gone", () => {
  it("is looked for until it is back", async () => {
    fetched.mockRejectedValue(new TypeError("failed to fetch"));
    await expect(ask("/clips")).rejects.toBeInstanceOf(Unreachable);
    expect(reachability.value).toBe("gone");
    await vi.advanceTimersByTimeAsync(3000);
    expect(fetched.mock.calls.slice(1).map(([address]) => address)).toEqual([
      "/api/v1/health",
      "/api/v1/health",
    ]);
    expect(reachability.value).toBe("gone");
    fetched.mockResolvedValue(json(200, {}));
    await vi.advanceTimersByTimeAsync(1500);
    expect(reachability.value).toBe("ok");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is looked for once, however much was asked of it", async () => {
    fetched.mockRejectedValue(new TypeError("failed to fetch"));
    await Promise.allSettled([ask("/clips"), ask("/ready"), ask("/jobs")]);
    expect(vi.getTimerCount()).toBe(1);
    reachability.value = "ok";
    await vi.runOnlyPendingTimersAsync();
  });

  it("is not gone because a question was given up", async () => {
    fetched.mockRejectedValue(new DOMException("", "AbortError"));
    await expect(ask("/clips")).rejects.toThrow(DOMException);
    expect(reachability.value).toBe("ok");
  });
});
