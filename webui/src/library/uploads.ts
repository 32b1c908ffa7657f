/** Sending files to the library: in portions that the service takes, one after the other. */
import { signal } from "@preact/signals";
import { ask } from "../api/client";
import type { Job } from "../api/service";
import { plural } from "../ui/format";
import { say, sayFailure } from "../ui/toasts";
import { refreshJobs } from "./jobs";

const MOST_BYTES = 48 * 2 ** 20;
const MOST_FILES = 50;
const SOUNDS =
  /\.(wav|wave|bwf|rf64|aif|aiff|aifc|flac|ogg|oga|opus|mp3|m4a|mp4|aac|webm|mkv|mov|wma|caf|au|mid|midi)$/i;

export interface Sending {
  done: number;
  total: number;
}

/** How far sending is; null when nothing is sent. */
export const sending = signal<Sending | null>(null);

export async function upload(files: readonly File[]): Promise<void> {
  const sounds = files.filter((file) => SOUNDS.test(file.name) || /^(audio|video)\//.test(file.type));
  const others = files.length - sounds.length;
  if (others > 0) say(`${plural(others, "file")} left out: no sound`);
  if (sounds.length === 0) return;
  sending.value = { done: 0, total: sounds.length };
  for (const portion of portions(sounds)) {
    await send(portion);
    sending.value = { done: (sending.peek()?.done ?? 0) + portion.length, total: sounds.length };
    void refreshJobs();
  }
  sending.value = null;
}

async function send(files: readonly File[]): Promise<void> {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  try {
    await ask<Job>("/clips", { method: "POST", body: form });
  } catch (error) {
    // one that is refused takes its portion with it: find out which, and keep the others
    const first = files[0];
    if (files.length > 1) for (const file of files) await send([file]);
    else if (first) sayFailure(`${first.name} was refused`, error);
  }
}

function portions(files: readonly File[]): File[][] {
  const found: File[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    const last = found.at(-1);
    if (!last || last.length >= MOST_FILES || bytes + file.size > MOST_BYTES) {
      found.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return found;
}
