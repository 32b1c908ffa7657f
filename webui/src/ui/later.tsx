/** Components whose code is fetched when they are first shown. */
import type { FunctionComponent, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

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
      load().then(
        (component) => {
          loaded = component;
          setReady(true);
        },
        () => location.reload(), // the page was built anew meanwhile: its files have other names now
      );
    }, []);
    const Loaded = loaded;
    return Loaded ? <Loaded {...props} /> : waiting();
  };
}
