/** Hearing a passage before it is asked for, with a player of its own: a dropped file is no clip of the library. */
import { type Signal, signal } from "@preact/signals";
import { audioUrl } from "../api/service";
import { pause } from "../player/player";
import type { CutThing, Passage } from "./model";
import { findSound } from "./sounds";

export interface Preview {
  playing: Signal<boolean>;
  failed: Signal<boolean>;
  /** Seconds from the sound's start; moves while it plays. */
  position: Signal<number>;
  /** Play a passage, or all of it; pause what plays. */
  toggle(passage: Passage | null): void;
  /** Play from there to the end. */
  playFrom(from_s: number): void;
  close(): void;
}

export function makePreview(thing: CutThing): Preview {
  const audio = new Audio();
  const playing = signal(false);
  const failed = signal(false);
  const position = signal(0);
  let address = "";
  let closed = false;
  let end_s = Infinity;

  const load = async () => {
    if (address) return;
    const file = thing.kind === "clip" ? null : await findSound(thing.file);
    if (closed) return;
    address = thing.kind === "clip" ? audioUrl(thing.id) : file ? URL.createObjectURL(file) : "";
    audio.src = address;
  };
  const play = async (passage: Passage | null) => {
    failed.value = false;
    try {
      await load();
      if (closed) return;
      audio.currentTime = passage?.start_s ?? 0;
      end_s = passage?.end_s ?? Infinity;
      await audio.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      failed.value = true;
    }
  };
  const begin = (passage: Passage | null) => {
    pause(); // one sound at a time
    void play(passage);
  };
  const follow = () => {
    position.value = audio.currentTime;
    if (audio.currentTime >= end_s) audio.pause();
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener("play", () => {
    playing.value = true;
    follow();
  });
  audio.addEventListener("pause", () => {
    playing.value = false;
  });
  return {
    playing,
    failed,
    position,
    toggle(passage) {
      if (!audio.paused) {
        audio.pause();
        return;
      }
      begin(passage);
    },
    playFrom(from_s) {
      begin({ start_s: from_s, end_s: Infinity });
    },
    close() {
      closed = true;
      audio.pause();
      if (address.startsWith("blob:")) URL.revokeObjectURL(address);
    },
  };
}
