/** What is refused for now only: a service that is busy is asked again when it likes to be. */
import { Refused } from "./client";

const MOST_RETRIES = 5;
/** Where the service does not say when to come back. */
const WAIT_S = 1;
/** Longer than this nobody sits and waits: a person decides. */
const LONGEST_WAIT_S = 30;

export const isBusy = (error: Refused): boolean => error.status === 429 || error.status === 503;

/** Whether the same may be answered another time. */
export const isTemporary = (error: Refused): boolean => isBusy(error) || error.status >= 500;

/** What `get` brings, asked for again while the service is busy; `onBusy` hears of each wait. Throws as `get` does. */
export async function patiently<T>(
  get: () => Promise<T>,
  aborted: AbortSignal,
  onBusy: () => void,
): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await get();
    } catch (error) {
      if (aborted.aborted || !(error instanceof Refused) || !isBusy(error)) throw error;
      const wait_s = error.retryAfterS ?? WAIT_S;
      if (retries === MOST_RETRIES || wait_s > LONGEST_WAIT_S) throw error;
      onBusy();
      await pause(wait_s, aborted);
      aborted.throwIfAborted();
    }
  }
}

/** Wait, no longer than until `aborted`. */
export function pause(seconds: number, aborted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    aborted.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
