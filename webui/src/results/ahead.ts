/** While one listens through the list, the sounds beside the chosen one are loaded. */
import { effect } from "@preact/signals";
import { audioUrl } from "../api/service";
import { loadAhead } from "../player/loading";
import { paused, playing, sounding } from "../player/player";
import { auditioning } from "../player/settings";
import { answered } from "./answers";
import { chosen, startOf } from "./selection";

/** The chosen one, the next two, and the one before: their places, counted from the chosen one. */
const NEAR = [0, 1, -1, 2];

/** Called once. */
export function loadNeighbours(): void {
  effect(() => {
    const rows = answered.value?.rows ?? [];
    const place = chosen.value;
    const isPlaying = !paused.value;
    if (!auditioning.value && !isPlaying) return;
    if (isPlaying && !sounding.value) return; // what is wanted now comes first
    const near = NEAR.flatMap((step) => rows[place + step] ?? []);
    const others = near.filter((row) => row.clip_id !== playing.peek());
    loadAhead(others.map((row) => ({ address: audioUrl(row.clip_id), from_s: startOf(row) })));
  });
}
