import { beforeEach, describe, expect, it } from "vitest";
import { Camera } from "../../src/map/camera";

describe("a camera", () => {
  let camera: Camera;
  beforeEach(() => {
    camera = new Camera();
    camera.resize(400, 200);
  });

  it("shows all of the map at first, upright and in the middle", () => {
    expect(camera.magnification()).toBe(1);
    expect(camera.toPixels(0, 0)).toEqual([200, 100]);
    expect(camera.toPixels(1, 1)).toEqual([300, 0]);
  });

  it("goes from pixels to the layout and back", () => {
    camera.pan(37, -12);
    camera.zoomAt(2.5, 90, 60);
    const [x, y] = camera.toPixels(...camera.toLayout(123, 45));
    expect([x, y]).toEqual([expect.closeTo(123), expect.closeTo(45)]);
  });

  it("keeps the place under the pointer while it zooms", () => {
    const before = camera.toLayout(320, 30);
    camera.zoomAt(3, 320, 30);
    expect(camera.magnification()).toBeCloseTo(3);
    expect(camera.toLayout(320, 30)).toEqual(before.map((one) => expect.closeTo(one)));
  });

  it("moves what is seen with the hand", () => {
    camera.zoomAt(2, 200, 100);
    const [x, y] = camera.toPixels(0.1, 0.1);
    camera.pan(15, -7);
    expect(camera.toPixels(0.1, 0.1)).toEqual([expect.closeTo(x + 15), expect.closeTo(y - 7)]);
  });

  it("zooms no further out than half, and no further in than 400 times", () => {
    camera.zoomAt(1e-6, 0, 0);
    expect(camera.magnification()).toBe(0.5);
    camera.zoomAt(1e9, 0, 0);
    expect(camera.magnification()).toBe(400);
  });

  it("keeps how far in it is when the window changes, and forgets it when asked to", () => {
    camera.zoomAt(3, 0, 0);
    camera.resize(900, 800);
    expect(camera.magnification()).toBeCloseTo(3);
    camera.reset();
    expect(camera.magnification()).toBe(1);
    expect(camera.toPixels(0, 0)).toEqual([450, 400]);
  });

  it("tells the graphics what pixels it means", () => {
    camera.pan(20, 10);
    camera.zoomAt(1.7, 40, 150);
    const { scale, shift } = camera.uniforms();
    const [x, y] = camera.toPixels(0.3, -0.2);
    expect(0.3 * scale[0] + shift[0]).toBeCloseTo((2 * x) / 400 - 1);
    expect(-0.2 * scale[1] + shift[1]).toBeCloseTo(1 - (2 * y) / 200);
  });
});
