/** The colours of groups, from the style sheet: told apart without colour vision too, as far as eight can be. */
import type { Colour } from "./renderer";

export const GROUP_COLOURS = 8;

/** Eight colours of groups and one for what is in none. */
export function palette(element: Element): Colour[] {
  const style = getComputedStyle(element);
  return Array.from({ length: GROUP_COLOURS + 1 }, (_, at) => {
    const name = at < GROUP_COLOURS ? `--group-${at}` : "--group-none";
    return fromHex(style.getPropertyValue(name).trim());
  });
}

function fromHex(text: string): Colour {
  const value = Number.parseInt(text.slice(1), 16) || 0;
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
