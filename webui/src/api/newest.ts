/** Answers that overtake each other. */

/**
 * Make a function that takes what `get` brings, unless what was asked for later came before it: an answer is as old as
 * its question. Errors are those of `get`.
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
