/** Answers that arrive in another order than they were asked for. */

/**
 * Make a function that calls `get` and gives its result to `take`, unless the result of a later call came first. Throws
 * as `get` does.
 */
export function newestOf<T>(take: (found: T) => void): (get: () => Promise<T>) => Promise<void> {
  let asked = 0;
  let taken = 0;
  return async (get) => {
    const mine = ++asked;
    const found = await get();
    if (mine < taken) return;
    taken = mine;
    take(found);
  };
}
