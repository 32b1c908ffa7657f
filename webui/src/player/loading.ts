/** Sounds that are likely to be played next are loaded before, from where they would start, so that they are heard at once. */

export interface Loadable {
  address: string;
  from_s: number;
}

/** Loaded and played by nobody, by their addresses. */
const ahead = new Map<string, HTMLAudioElement>();

function load({ address, from_s }: Loadable, preload: "auto" | "none"): HTMLAudioElement {
  const element = new Audio();
  element.preload = preload;
  element.src = address;
  if (from_s > 0) element.currentTime = from_s;
  return element;
}

/** Load these, and let go of whatever else was loaded. */
export function loadAhead(wanted: readonly Loadable[]): void {
  const addresses = new Set(wanted.map(({ address }) => address));
  for (const [address, element] of ahead) {
    if (addresses.has(address)) continue;
    ahead.delete(address);
    unload(element);
  }
  for (const one of wanted) if (!ahead.has(one.address)) ahead.set(one.address, load(one, "auto"));
}

/** An element that has this sound: it is the caller's from now on. */
export function take(wanted: Loadable): HTMLAudioElement {
  const loaded = ahead.get(wanted.address);
  ahead.delete(wanted.address);
  return loaded && !loaded.error ? loaded : load(wanted, "none");
}

/** Give back what is not played any more: somebody may return to it. */
export function giveBack(address: string, element: HTMLAudioElement): void {
  if (element.error || ahead.has(address)) unload(element);
  else ahead.set(address, element);
}

/** What an element holds is let go of at once, not when it is forgotten. */
function unload(element: HTMLAudioElement): void {
  element.removeAttribute("src");
  element.load();
}
