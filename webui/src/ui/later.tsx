/** A component whose code is fetched when it is first shown. */
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

export function later<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
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
    return Loaded ? <Loaded {...props} /> : <main id="main" class="loading" aria-busy="true" />;
  };
}
