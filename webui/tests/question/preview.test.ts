// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makePreview } from "../../src/question/preview";
import { findSound } from "../../src/question/sounds";

const others = vi.hoisted(() => ({ pause: vi.fn() }));
vi.mock("../../src/player/player", () => others);
vi.mock("../../src/question/sounds", () => ({
  findSound: vi.fn(() => Promise.resolve(new File(["x"], "door.wav"))),
}));

/** A player that goes on when the test says so. */
class Sound extends EventTarget {
  static last: Sound;
  currentTime = 0;
  paused = true;
  src = "";

  constructor() {
    super();
    Sound.last = this;
  }

  play(): Promise<void> {
    this.paused = false;
    this.dispatchEvent(new Event("play"));
    return Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }
}

let frames: (() => void)[];
/** The next frame, at which so much was played. */
const frameAt = (seconds: number) => {
  Sound.last.currentTime = seconds;
  for (const frame of frames.splice(0)) frame();
};
const CLIP = { kind: "clip", id: 7 } as const;
const FILE = { kind: "audio", file: "ab" } as const;
const PASSAGE = { start_s: 1, end_s: 2 };

beforeEach(() => {
  frames = [];
  vi.stubGlobal("Audio", Sound);
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  others.pause.mockClear();
});
afterEach(() => vi.unstubAllGlobals());

describe("a preview", () => {
  it("plays a passage from its start to its end, and nothing else meanwhile", async () => {
    const preview = makePreview(CLIP);
    preview.toggle(PASSAGE);
    await vi.waitUntil(() => preview.playing.value);
    expect(Sound.last.src).toContain("/clips/7/audio");
    expect(Sound.last.currentTime).toBe(1);
    expect(others.pause).toHaveBeenCalledOnce();
    frameAt(1.9);
    expect([preview.playing.value, preview.position.value]).toEqual([true, 1.9]);
    frameAt(2.01);
    expect(preview.playing.value).toBe(false);
    expect(frames).toEqual([]);
  });

  it("plays all of it without a passage, and is paused by a second press", async () => {
    const preview = makePreview(CLIP);
    preview.toggle(null);
    await vi.waitUntil(() => preview.playing.value);
    expect(Sound.last.currentTime).toBe(0);
    frameAt(500);
    expect(preview.playing.value).toBe(true);
    preview.toggle(null);
    expect(preview.playing.value).toBe(false);
  });

  it("plays a file of this browser, and lets go of it when it is closed", async () => {
    const revoked = vi.spyOn(URL, "revokeObjectURL");
    const preview = makePreview(FILE);
    preview.toggle(PASSAGE);
    await vi.waitUntil(() => preview.playing.value);
    expect(Sound.last.src).toMatch(/^blob:/);
    preview.close();
    expect(preview.playing.value).toBe(false);
    expect(revoked).toHaveBeenCalledExactlyOnceWith(Sound.last.src);
  });

  it("that was closed before its file was found stays silent", async () => {
    let find = (_: File): void => undefined;
    const found = new Promise<File>((resolve) => (find = resolve));
    vi.mocked(findSound).mockReturnValueOnce(found);
    const preview = makePreview(FILE);
    preview.toggle(null);
    preview.close();
    find(new File(["x"], "late.wav"));
    await found;
    await Promise.resolve();
    expect(Sound.last.src).toBe("");
    expect(Sound.last.paused).toBe(true);
  });

  it("says when the browser cannot play it", async () => {
    const preview = makePreview(CLIP);
    Sound.last.play = () => Promise.reject(new DOMException("", "NotSupportedError"));
    preview.toggle(null);
    await vi.waitUntil(() => preview.failed.value);
  });
});
