/** Components whose code is fetched when they are first shown. */
import { effect, untracked } from "@preact/signals";
import type { FunctionComponent, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, reachability, Unreachable } from "../api/client";

/** `waiting` stands there meanwhile. */
export function later<P extends object>(
  load: () => Promise<FunctionComponent<P>>,
  waiting: () => VNode | null = () => null,
): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | null = null;
  return (props: P) => {
    const [, setReady] = useState(loaded !== null);
    useEffect(() => {
      if (loaded) return;
      return keepLoading(load, (component) => {
        loaded = component;
        setReady(true);
      });
    }, []);
    const Loaded = loaded;
    return Loaded ? <Loaded {...props} /> : waiting();
  };
}

/** Load the code once the service answers; returns a function that stops it. A browser may never retry a file that
    failed to load: so nothing is tried while the service is known to be gone, and when the service answers after a
    failed try, the page is reloaded. */
export function keepLoading<C>(load: () => Promise<C>, use: (component: C) => void): () => void {
  const ends: (() => void)[] = [];
  let isOver = false;
  const begin = () => void load().then(use, failed);
  const failed = async () => {
    const why = await ask("/health").catch((error: unknown) => error);
    if (isOver) return;
    if (why instanceof Unreachable) ends.push(onceBack(begin));
    else if (!(why instanceof Error)) location.reload(); // the page was built anew: its files have other names now
  };
  ends.push(onceBack(begin));
  return () => {
    isOver = true;
    for (const end of ends) end();
  };
}

/** Call a function once the service is not gone; returns a function that ends the wait. */
function onceBack(run: () => void): () => void {
  let done = false;
  return effect(() => {
    if (done || reachability.value === "gone") return;
    done = true;
    untracked(run);
  });
}
