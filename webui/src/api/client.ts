/** Asking the service: one function for every request, and what can go wrong as errors of three kinds. */
import { signal } from "@preact/signals";
import { said } from "../messages/said";
import { t } from "../messages/t";
import type { components } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** Where the page's views lie: `/`, or the path below which a proxy put them. All are in one folder. */
export const BASE = new URL(".", location.href).pathname;
export const API = `${BASE}api/v1`;

/** The service answered, and refused; `detail` is written for people, the message is that in their language. */
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

/** How often the page was let in: a refusal of what was asked before that says nothing of now. */
let entered = 0;
let was = reachability.peek();
reachability.subscribe((now) => {
  if (was === "locked" && now === "ok") entered++;
  was = now;
});

const BAD_GATEWAY = 502;
const WAIT_FOR_SERVICE_MS = 1500;
/** They answer without a key too: that they do says nothing of whether the rest lets us in. */
const OPEN_PATHS = ["/health", "/ready", "/openapi.json", "/session"];

/**
 * The JSON that `path` (below the API's prefix) answers with. Throws Refused, Unreachable, or an AbortError.
 * `answers`: a status of an error whose answer is one all the same.
 */
export async function ask<T>(path: string, init: RequestInit = {}, answers = 0): Promise<T> {
  const response = await send(path, init, answers);
  return (response.status === 204 ? undefined : await contentOf(response)) as T;
}

/** What an answer brings, which may break off after it began. */
async function contentOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Refused(BAD_GATEWAY, t("what answered is not this service; something may stand between"));
    throw broken(error);
  }
}

/** What a request that came to nothing is: given up by the page, or by the service. */
function broken(error: unknown): unknown {
  if (error instanceof DOMException && error.name === "AbortError") return error;
  lost();
  return new Unreachable();
}

/** The same, with `body` as JSON. */
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

/** Whether `path` would be answered; of what is there a byte is fetched, or the beginning. Throws as `ask` does. */
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
    // not a problem document: a proxy's page, or nothing; the status has to do
  }
  return new Refused(response.status, detail, retryAfter);
}

/** Note that the service is gone, and look until it is back. */
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
