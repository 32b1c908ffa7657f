/** Requests to the service: one function for all of them, which throws errors of three kinds. */
import { signal } from "@preact/signals";
import { said } from "../messages/said";
import { t } from "../messages/t";
import type { components } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** The path of the page's views: `/`, or the path below which a proxy serves them. All are in one folder. */
export const BASE = new URL(".", location.href).pathname;
export const API = `${BASE}api/v1`;

/** The service answered with an error; `detail` is its English text, the message is that in the page's language. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(said(detail));
  }
}

/** Nothing answered. */
export class Unreachable extends Error {
  constructor() {
    super(t("the search service does not answer"));
  }
}

export type Reachability = "ok" | "gone" | "locked";

/** Whether the service answers, and lets us in. Every request says so, the screens follow. */
export const reachability = signal<Reachability>("ok");

/** How often the page was unlocked: a 401 for a request from before the last unlocking does not lock it again. */
let entered = 0;
let was = reachability.peek();
reachability.subscribe((now) => {
  if (was === "locked" && now === "ok") entered++;
  was = now;
});

const BAD_GATEWAY = 502;
const WAIT_FOR_SERVICE_MS = 1500;
/** Paths that need no API key: an answer from them does not show that the page is unlocked. */
const OPEN_PATHS = ["/health", "/ready", "/openapi.json", "/session"];

/**
 * The JSON answer of `path` (below the API's prefix). Throws Refused, Unreachable, or an AbortError.
 * `answers`: an error status whose body is returned like that of a success.
 */
export async function ask<T>(path: string, init: RequestInit = {}, answers = 0): Promise<T> {
  const response = await send(path, init, answers);
  return (response.status === 204 ? undefined : await contentOf(response)) as T;
}

/** The JSON body of a response; the connection may break while it is read. */
async function contentOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Refused(
        BAD_GATEWAY,
        t("the reply did not come from this service; a proxy may be in the way"),
      );
    throw broken(error);
  }
}

/** The error to throw for a failed request: the page's own AbortError, else Unreachable. */
function broken(error: unknown): unknown {
  if (error instanceof DOMException && error.name === "AbortError") return error;
  lost();
  return new Unreachable();
}

/** As `ask`, with `body` sent as JSON. */
export function sendJson<T>(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = {
    method,
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  };
  if (signal) init.signal = signal;
  return ask<T>(path, init);
}

const A_BYTE: RequestInit = { headers: { Range: "bytes=0-0" } };

/** Check that `path` can be fetched, without fetching more than its beginning. Throws as `ask` does. */
export async function check(path: string, init: RequestInit = A_BYTE): Promise<void> {
  const response = await send(path, { ...init, cache: "no-store" });
  await response.body?.cancel();
}

async function send(path: string, init: RequestInit, answers = 0): Promise<Response> {
  let response: Response;
  const since = entered;
  try {
    response = await fetch(API + path, init);
  } catch (error) {
    throw broken(error);
  }
  if (response.ok || response.status === answers) {
    if (reachability.value === "gone" || !OPEN_PATHS.includes(path)) reachability.value = "ok";
    return response;
  }
  if (response.status === 401 && since === entered) reachability.value = "locked";
  throw await refusal(response);
}

async function refusal(response: Response): Promise<Refused> {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  let detail = `${response.status} ${response.statusText}`;
  try {
    const problem = (await response.json()) as Problem;
    detail = problem.detail || problem.title || detail;
  } catch {
    // not a problem document but a proxy's page, or nothing: only the status is known
  }
  return new Refused(response.status, detail, retryAfter);
}

/** Note that the service is gone, and poll until it is back. */
function lost(): void {
  if (reachability.value === "gone") return;
  reachability.value = "gone";
  const look = async () => {
    try {
      const response = await fetch(`${API}/health`, { cache: "no-store" });
      if (response.ok) {
        reachability.value = "ok";
        return;
      }
    } catch {
      // still gone
    }
    setTimeout(look, WAIT_FOR_SERVICE_MS);
  };
  setTimeout(look, WAIT_FOR_SERVICE_MS);
}
