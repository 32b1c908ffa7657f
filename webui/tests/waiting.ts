/** Waiting for what comes a moment later, however busy the machine is. */
import { vi } from "vitest";

/** Until it throws nothing; vitest's own second is soon over beside other work. */
export const waitFor = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 90_000 });
