/** Where the names of groups stand on the map: each where the group has most points. */
import type { Layout } from "./layout";

export interface Label {
  group: number;
  x: number;
  y: number;
}

/** Cells along each axis; a label stands at the mean of the points in the fullest cell and those around it. */
const CELLS = 24;
/** How far above the middle of its points a name stands, so that it hides no small cluster. */
const ABOVE_PX = 22;
const FEWEST = 3;
const MOST = 8;

/** At most one label for each of the first groups, those with most points together first. */
export function labelsOf({ xy, group, groups }: Pick<Layout, "xy" | "group" | "groups">): Label[] {
  const found: (Label & { points: number })[] = [];
  for (let at = 0; at < Math.min(groups.length, MOST); at++) {
    const label = labelOf(at, xy, group);
    if (label) found.push(label);
  }
  return found.sort((one, other) => other.points - one.points);
}

function labelOf(at: number, xy: Float32Array, group: Uint8Array): (Label & { points: number }) | null {
  const counts = new Uint32Array(CELLS * CELLS);
  for (let point = 0; point < group.length; point++)
    if (group[point] === at) counts[cellOf(xy, point)] = (counts[cellOf(xy, point)] ?? 0) + 1;
  const fullest = counts.reduce((best, count, cell) => (count > (counts[best] ?? 0) ? cell : best), 0);
  let [x, y, points] = [0, 0, 0];
  for (let point = 0; point < group.length; point++) {
    if (group[point] !== at || !isNear(cellOf(xy, point), fullest)) continue;
    x += xy[2 * point] ?? 0;
    y += xy[2 * point + 1] ?? 0;
    points++;
  }
  return points < FEWEST ? null : { group: at, x: x / points, y: y / points, points };
}

const place = (value: number): number =>
  Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));

const cellOf = (xy: Float32Array, point: number): number =>
  place(xy[2 * point + 1] ?? 0) * CELLS + place(xy[2 * point] ?? 0);

const isNear = (one: number, other: number): boolean =>
  Math.abs((one % CELLS) - (other % CELLS)) <= 1 &&
  Math.abs(Math.floor(one / CELLS) - Math.floor(other / CELLS)) <= 1;

/** Position the labels (elements, in the order of `labels`); a label that would overlap an earlier one is hidden. */
export function placeLabels(
  elements: readonly HTMLElement[],
  labels: readonly Label[],
  toPixels: (x: number, y: number) => [number, number],
): void {
  const taken: [number, number, number][] = [];
  elements.forEach((element, at) => {
    const label = labels[at];
    if (!label) return;
    const [x, middle] = toPixels(label.x, label.y);
    const y = middle + (middle < 2 * ABOVE_PX ? ABOVE_PX : -ABOVE_PX); // at the upper edge below it
    const half = (element.textContent?.length ?? 0) * 4 + 8; // about: asking for its size would lay the page out
    const free = taken.every(
      ([there_x, there_y, reach]) => Math.abs(x - there_x) > half + reach || Math.abs(y - there_y) > 22,
    );
    if (free) taken.push([x, y, half]);
    element.style.visibility = free ? "visible" : "hidden";
    element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px) translate(-50%, -50%)`;
  });
}
