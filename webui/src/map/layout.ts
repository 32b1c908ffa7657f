/** The map's points as the renderer and the pointer need them. */
import type { ClipMap } from "../api/service";

/** `xy` is (2 n) in [-1, 1], both axes by the same scale; `group` (n) is a place in `groups`, NO_GROUP for none. */
export interface Layout {
  clipIds: readonly number[];
  xy: Float32Array;
  group: Uint8Array;
  groups: readonly string[];
  /** The filter of each group, or the list that it is. */
  wheres: readonly string[];
  /** From the service's coordinates to [-1, 1] and back: v = (w - centre) * scale. */
  centre: readonly [number, number];
  scale: number;
}

export const NO_GROUP = 255;

export function layoutOf(map: ClipMap): Layout {
  const { x, y } = map;
  const [left, right] = range(x);
  const [low, high] = range(y);
  const centre = [(left + right) / 2, (low + high) / 2] as const;
  const scale = 1.9 / Math.max(right - left, high - low, 1e-6);
  const xy = new Float32Array(2 * x.length);
  for (let at = 0; at < x.length; at++) {
    xy[2 * at] = ((x[at] ?? 0) - centre[0]) * scale;
    xy[2 * at + 1] = ((y[at] ?? 0) - centre[1]) * scale;
  }
  const group = Uint8Array.from(map.group, (one) => (one < 0 ? NO_GROUP : one));
  return { clipIds: map.clip_ids, xy, group, groups: map.groups, wheres: map.wheres, centre, scale };
}

/** Whether two layouts show the same. */
export const isSame = (one: Layout, other: Layout): boolean =>
  isEqual(one.clipIds, other.clipIds) &&
  isEqual(one.xy, other.xy) &&
  isEqual(one.group, other.group) &&
  isEqual(one.groups, other.groups) &&
  isEqual(one.wheres, other.wheres);

const isEqual = <T>(one: ArrayLike<T>, other: ArrayLike<T>): boolean =>
  one.length === other.length && Array.from(one).every((value, at) => value === other[at]);

function range(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}

/** A lasso as the service reads it, in its own coordinates: "x,y x,y ...". */
export function regionText(layout: Layout, polygon: readonly (readonly [number, number])[]): string {
  const { centre, scale } = layout;
  return polygon
    .map(([x, y]) => `${(x / scale + centre[0]).toFixed(4)},${(y / scale + centre[1]).toFixed(4)}`)
    .join(" ");
}

/** A region of the address as a polygon of the layout; empty for what is none. */
export function regionPolygon(layout: Layout, region: string): [number, number][] {
  const { centre, scale } = layout;
  const points = region.split(" ").map((pair) => pair.split(",").map(Number));
  if (points.length < 3 || points.some((point) => point.length !== 2 || point.some(Number.isNaN))) return [];
  return points.map(([x = 0, y = 0]) => [(x - centre[0]) * scale, (y - centre[1]) * scale]);
}

const CELLS = 128;

/** Finds the point that is nearest to a place, by a grid over [-1, 1]. */
export class Nearest {
  private readonly cells = new Map<number, number[]>();

  constructor(private readonly xy: Float32Array) {
    for (let at = 0; at < xy.length / 2; at++) {
      const cell = this.cellOf(xy[2 * at] ?? 0, xy[2 * at + 1] ?? 0);
      const there = this.cells.get(cell);
      if (there) there.push(at);
      else this.cells.set(cell, [at]);
    }
  }

  /** The nearest point within `radius`, -1 without one. */
  find(x: number, y: number, radius: number): number {
    const reach = Math.min(CELLS, Math.ceil((radius * CELLS) / 2));
    const [column, row] = [this.place(x), this.place(y)];
    let best = -1;
    let closest = radius * radius;
    for (let down = row - reach; down <= row + reach; down++) {
      for (let along = column - reach; along <= column + reach; along++) {
        for (const at of this.cells.get(down * CELLS + along) ?? []) {
          const distance = ((this.xy[2 * at] ?? 0) - x) ** 2 + ((this.xy[2 * at + 1] ?? 0) - y) ** 2;
          if (distance <= closest) [best, closest] = [at, distance];
        }
      }
    }
    return best;
  }

  private cellOf(x: number, y: number): number {
    return this.place(y) * CELLS + this.place(x);
  }

  private place(value: number): number {
    return Math.max(0, Math.min(CELLS - 1, Math.floor(((value + 1) / 2) * CELLS)));
  }
}
