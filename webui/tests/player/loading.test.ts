// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { giveBack, loadAhead, take } from "../../src/player/loading";

const sound = (name: string, from_s = 0) => ({ address: `http://localhost/${name}`, from_s });

beforeEach(() => loadAhead([]));

describe("sounds that are loaded ahead", () => {
  it("are those that are played, from where they would start", () => {
    loadAhead([sound("a"), sound("b", 1.5)]);
    const b = take(sound("b", 1.5));
    expect([b.preload, b.src, b.currentTime]).toEqual(["auto", "http://localhost/b", 1.5]);
    expect(take(sound("b")).preload).toBe("none");
  });

  it("stay loaded as long as they are wanted, and no longer", () => {
    loadAhead([sound("a"), sound("b")]);
    loadAhead([sound("b"), sound("c")]);
    expect(take(sound("a")).preload).toBe("none");
    expect(take(sound("b")).preload).toBe("auto");
  });

  it("can be gone back to", () => {
    const a = take(sound("a"));
    giveBack("http://localhost/a", a);
    expect(take(sound("a"))).toBe(a);
  });
});
