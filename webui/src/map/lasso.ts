/** A polygon that is being drawn, thinned out so that it fits into an address. */
const MOST_CORNERS = 60;

export class Lasso {
  points: [number, number][] = [];

  add(point: [number, number]): void {
    this.points.push(point);
  }

  /** The polygon, with as many corners as an address holds; the next one begins empty. */
  end(): [number, number][] {
    const drawn = this.points;
    this.points = [];
    const step = Math.max(1, Math.ceil(drawn.length / MOST_CORNERS));
    return drawn.filter((_, at) => at % step === 0);
  }
}
