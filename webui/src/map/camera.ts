/** Which part of the map is seen: layout coordinates to CSS pixels and back. */
export class Camera {
  /** Pixels of one unit of the layout. */
  zoom = 1;
  private x = 0;
  private y = 0;
  private width = 1;
  private height = 1;
  private whole = 1;

  /** The canvas has this size now; the first time, all of the map is shown. */
  resize(width: number, height: number): void {
    const first = this.width === 1;
    const before = this.whole;
    [this.width, this.height] = [width, height];
    this.whole = Math.min(width, height) / 2;
    this.zoom = first ? this.whole : (this.zoom * this.whole) / before;
  }

  reset(): void {
    [this.x, this.y, this.zoom] = [0, 0, this.whole];
  }

  pan(dx_px: number, dy_px: number): void {
    this.x -= dx_px / this.zoom;
    this.y += dy_px / this.zoom;
  }

  /** Zoom so that the place under the pointer stays there. */
  zoomAt(factor: number, x_px: number, y_px: number): void {
    const [x, y] = this.toLayout(x_px, y_px);
    this.zoom = Math.min(400 * this.whole, Math.max(0.5 * this.whole, this.zoom * factor));
    const [after_x, after_y] = this.toLayout(x_px, y_px);
    this.x += x - after_x;
    this.y += y - after_y;
  }

  /** How far in it is: 1 shows all of the map. */
  magnification(): number {
    return this.zoom / this.whole;
  }

  toLayout(x_px: number, y_px: number): [number, number] {
    return [(x_px - this.width / 2) / this.zoom + this.x, -(y_px - this.height / 2) / this.zoom + this.y];
  }

  toPixels(x: number, y: number): [number, number] {
    return [(x - this.x) * this.zoom + this.width / 2, -(y - this.y) * this.zoom + this.height / 2];
  }

  /** Clip space = layout * scale + shift. */
  uniforms(): { scale: [number, number]; shift: [number, number] } {
    const scale: [number, number] = [(2 * this.zoom) / this.width, (2 * this.zoom) / this.height];
    return { scale, shift: [-this.x * scale[0], -this.y * scale[1]] };
  }
}
