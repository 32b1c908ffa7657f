/** A sound from its end to its beginning, made in the browser; and back, at the same place. */
import { computed, signal } from "@preact/signals";
import { t } from "../messages/t";
import { say, sayFailure } from "../ui/toasts";
import { addressOf, current, length, play, type Played, position } from "./player";

/** Longer sounds would fill the memory. */
const LONGEST_S = 600;
const KEPT = 8;
const HEADER_BYTES = 44;
const BYTES = 2;
const LOUDEST = 32_767;

/** The sound that plays backwards, and the one that it was made of. */
const turned = signal<{ backwards: Played; forwards: Played } | null>(null);
export const isBackwards = computed(
  () => current.value !== null && current.value === turned.value?.backwards,
);
const made = new Map<string, { address: string; duration_s: number }>();

/** Reverse the sound that plays, or play it forwards again. */
export async function reverse(): Promise<void> {
  const now = current.peek();
  const before = turned.peek();
  if (!now) return;
  if (before && now === before.backwards) {
    play(before.forwards, mirrored(position.peek(), length.peek()));
    return;
  }
  if (length.peek() > LONGEST_S) {
    say(t("Sounds longer than ten minutes cannot be played backwards"), { bad: true });
    return;
  }
  try {
    const { address, duration_s } = await backwardsOf(addressOf(now));
    if (current.peek() !== now) return; // something else was chosen meanwhile
    const match = now.match && {
      start_s: mirrored(now.match.end_s, duration_s),
      end_s: mirrored(now.match.start_s, duration_s),
    };
    const backwards = {
      clip_id: null,
      title: t("{title} (backwards)", { title: now.title }),
      match: match ?? null,
      address,
    };
    turned.value = { backwards, forwards: now };
    play(backwards, mirrored(position.peek(), duration_s));
  } catch (error) {
    sayFailure(t("It cannot be played backwards"), error);
  }
}

/** The same position, counted from the other end. */
export const mirrored = (at_s: number, duration_s: number): number => Math.max(0, duration_s - at_s);

async function backwardsOf(address: string): Promise<{ address: string; duration_s: number }> {
  const known = made.get(address);
  if (known) return known;
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(t("it could not be loaded"));
  const context = new AudioContext();
  try {
    const sound = await context.decodeAudioData(await answer.arrayBuffer());
    const channels = Array.from({ length: sound.numberOfChannels }, (_, place) =>
      sound.getChannelData(place).slice().reverse(),
    );
    const file = new Blob([wavOf(channels, sound.sampleRate)], { type: "audio/wav" });
    const found = { address: URL.createObjectURL(file), duration_s: sound.duration };
    made.set(address, found);
    for (const [old, one] of [...made].slice(0, -KEPT)) {
      URL.revokeObjectURL(one.address);
      made.delete(old);
    }
    return found;
  } finally {
    void context.close();
  }
}

/** Samples of 16 bits as a WAV file; `channels` are equally long, in [-1, 1]. */
export function wavOf(channels: readonly Float32Array[], rate_hz: number): ArrayBuffer {
  const frames = channels[0]?.length ?? 0;
  const data_bytes = frames * channels.length * BYTES;
  const file = new DataView(new ArrayBuffer(HEADER_BYTES + data_bytes));
  const text = (at: number, word: string) =>
    [...word].forEach((letter, place) => file.setUint8(at + place, letter.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, HEADER_BYTES - 8 + data_bytes, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, channels.length, true);
  file.setUint32(24, rate_hz, true);
  file.setUint32(28, rate_hz * channels.length * BYTES, true);
  file.setUint16(32, channels.length * BYTES, true);
  file.setUint16(34, 8 * BYTES, true);
  text(36, "data");
  file.setUint32(40, data_bytes, true);
  let at = HEADER_BYTES;
  for (let frame = 0; frame < frames; frame++)
    for (const samples of channels) {
      const sample = Math.max(-1, Math.min(1, samples[frame] ?? 0));
      file.setInt16(at, Math.round(sample * LOUDEST), true);
      at += BYTES;
    }
  return file.buffer;
}
