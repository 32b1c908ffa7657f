/** The evidence that a clip is a copy, and its quality, in words; `soundalike duplicates` prints the same. */
import type { Copies } from "../api/service";
import { fixed, percent } from "../messages/numbers";
import { t } from "../messages/t";

export type Copy = Copies["groups"][number]["clips"][number];

/** How a clip differs from the one worth keeping, in the words of the command line. */
export function difference(one: Copy): string {
  if (one.kind === "copy") return t("identical file");
  const facts = [t("{percent} match", { percent: percent(one.similarity) })];
  if (Math.abs(one.offset_s) >= 0.1)
    facts.push(
      t(one.offset_s > 0 ? "starts {seconds} s later" : "starts {seconds} s earlier", {
        seconds: fixed(Math.abs(one.offset_s), 1),
      }),
    );
  if (one.gain_db !== null && Math.abs(one.gain_db) >= 1)
    facts.push(
      t(one.gain_db > 0 ? "{decibels} dB louder" : "{decibels} dB softer", {
        decibels: fixed(Math.abs(one.gain_db), 0),
      }),
    );
  return facts.join(t(", "));
}

/** The measured quality of a clip's file, in words; empty when it was not measured. */
export function evidence(one: Copy): string {
  if (one.bandwidth_hz === null) return "";
  const facts = [
    t(one.lossless ? "lossless" : "lossy"),
    t("sounds up to {kilohertz} kHz", { kilohertz: fixed(one.bandwidth_hz / 1000, 1) }),
  ];
  if (one.silence_s !== null && one.silence_s >= 0.05)
    facts.push(t("{seconds} s of silence", { seconds: fixed(one.silence_s, 1) }));
  if (one.clipped) facts.push(t("{share} % clipped", { share: fixed(100 * one.clipped, 2) }));
  return t("; {facts}", { facts: facts.join(t(", ")) });
}
