/** Retries while the service is busy, after the wait that it asks for. */
import { Refused } from "./client";

const MOST_RETRIES = 5;
/** The wait where the service names none. */
const WAIT_S = 1;
/** Longer waits are not made automatically: the page shows the error, and the user may retry. */
const LONGEST_WAIT_S = 30;

export const isBusy = (error: Refused): boolean => error.status === 429 || error.status === 503;

/** Whether the same may be answered another time. */
export const isTemporary = (error: Refused): boolean => isBusy(error) || error.status >= 500;

/** The result of `get`, retried while the service is busy; `onBusy` is called before each wait. Throws as `get` does. */
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
