/** Why a clip is called a copy and what it is worth, in words: `duplicates` prints the same. */
import type { Copies } from "../api/service";

export type Copy = Copies["groups"][number]["clips"][number];

/** How a clip differs from the one worth keeping, in the words of the command line. */
export function difference(one: Copy): string {
  if (one.kind === "copy") return "the same bytes";
  const facts = [`agrees ${(100 * one.similarity).toFixed(0)} %`];
  if (Math.abs(one.offset_s) >= 0.1)
    facts.push(`starts ${Math.abs(one.offset_s).toFixed(1)} s ${one.offset_s > 0 ? "later" : "earlier"}`);
  if (one.gain_db !== null && Math.abs(one.gain_db) >= 1)
    facts.push(`${Math.abs(one.gain_db).toFixed(0)} dB ${one.gain_db > 0 ? "louder" : "softer"}`);
  return facts.join(", ");
}

/** What was measured in a clip's file, in words; nothing where nothing was. */
export function evidence(one: Copy): string {
  if (one.bandwidth_hz === null) return "";
  const facts = [
    one.lossless ? "lossless" : "lossy",
    `sounds up to ${(one.bandwidth_hz / 1000).toFixed(1)} kHz`,
  ];
  if (one.silence_s !== null && one.silence_s >= 0.05) facts.push(`${one.silence_s.toFixed(1)} s of silence`);
  if (one.clipped) facts.push(`${(100 * one.clipped).toFixed(2)} % clipped`);
  return `; ${facts.join(", ")}`;
}
