/** Sounds that are likely to be played next are loaded before, from where they would start, so that they are heard at once. */

export interface Loadable {
  address: string;
  from_s: number;
}

/** Elements that are loaded and not in use, by address. */
const ahead = new Map<string, HTMLAudioElement>();

function load({ address, from_s }: Loadable, preload: "auto" | "none"): HTMLAudioElement {
  const element = new Audio();
  element.preload = preload;
  element.src = address;
  if (from_s > 0) element.currentTime = from_s;
  return element;
}

/** Load these sounds, and release all others. */
export function loadAhead(wanted: readonly Loadable[]): void {
  const addresses = new Set(wanted.map(({ address }) => address));
  for (const [address, element] of ahead) {
    if (addresses.has(address)) continue;
    ahead.delete(address);
    unload(element);
  }
  for (const one of wanted) if (!ahead.has(one.address)) ahead.set(one.address, load(one, "auto"));
}

/** An element with this sound; it belongs to the caller from then on. */
export function take(wanted: Loadable): HTMLAudioElement {
  const loaded = ahead.get(wanted.address);
  ahead.delete(wanted.address);
  return loaded && !loaded.error ? loaded : load(wanted, "none");
}

/** Give back an element that is no longer played; it is kept for a while, since the user may return to it. */
export function giveBack(address: string, element: HTMLAudioElement): void {
  if (element.error || ahead.has(address)) unload(element);
  else ahead.set(address, element);
}

/** Release an element's data at once, not when it is garbage-collected. */
function unload(element: HTMLAudioElement): void {
  element.removeAttribute("src");
  element.load();
}
