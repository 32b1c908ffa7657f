/**
 * Uploading files to the library, one portion after the other, each within the service's limits. Files that were dropped
 * together are one job. A portion whose answer was lost is sent again under the same key, and is not added twice.
 *
 * No file is lost silently: while the service is away, busy or wants a key, sending waits and goes on by itself; what
 * it does not take is kept in a list, with the cause.
 */
import { ask, reachability, Refused, Unreachable } from "../api/client";
import { pause } from "../api/patience";
import type { Job } from "../api/service";
import { t } from "../messages/t";
import { randomName } from "../ui/randomname";
import { rememberedSignal } from "../ui/remembered";
import { say } from "../ui/toasts";
import type { NamedFile } from "./dropped";
import { refreshJobs } from "./jobs";
import { sending } from "./sending";

const MOST_BYTES = 48 * 2 ** 20;
const MOST_FILES = 50;
const SOUNDS =
  /\.(wav|wave|bwf|rf64|aif|aiff|aifc|flac|ogg|oga|opus|mp3|m4a|mp4|aac|webm|mkv|mov|wma|caf|au|mid|midi)$/i;

/** Statuses that are about the files themselves: the service may accept the portion without some of them. */
const TOO_LARGE = 413;
const OF_CONTENT = new Set([415, 422]);
const OF_THE_MOMENT = new Set([408, 425, 429, 502, 503, 504]);
const WAIT_S = 5;
const LONGEST_WAIT_S = 120;
/** After so many broken connections with the same files, while the service is up, the files are the cause. */
const MOST_BREAKS = 4;

const MOST_KEPT = 1000;

export interface NotAdded {
  name: string;
  cause: string;
}

/** The files that did not get into the library, until that is dismissed. */
export const notAdded = rememberedSignal<readonly NotAdded[]>("soundalike.notadded", filesIn, (files) =>
  JSON.stringify(files.slice(-MOST_KEPT)),
);

/** What was not added before the page was loaded anew, or in another tab. */
function filesIn(kept: string | null): NotAdded[] {
  try {
    const files: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(files) ? files.filter(isNotAdded) : [];
  } catch {
    return []; // somebody else wrote there
  }
}

export function dismissNotAdded(): void {
  const before = notAdded.peek();
  notAdded.value = [];
  const run = () => (notAdded.value = [...before, ...notAdded.peek()]);
  say(t("List of files not added cleared"), { action: { name: t("Undo"), run } });
}

function isNotAdded(one: unknown): one is NotAdded {
  return typeof one === "object" && one !== null && "name" in one && "cause" in one;
}

/** Files that were dropped or chosen together: the job that their portions join, and how many files it has. */
interface Drop {
  job: number | null;
  files: number;
}

interface Portion {
  files: readonly NamedFile[];
  drop: Drop;
  /** The key by which the service recognises the portion when it is sent again. */
  key: string;
}

const MOST_OF_JOB = 1000;
const queue: Portion[] = [];
let stopping = new AbortController();

/** Send files, after those that are being sent. */
export async function upload(files: readonly NamedFile[]): Promise<void> {
  const sounds = files.filter(({ file, name }) => SOUNDS.test(name) || /^(audio|video)\//.test(file.type));
  const others = files.length - sounds.length;
  if (others > 0) say(t("{n} file left out: no sound|{n} files left out: no sound", { n: others }));
  if (files.length === 0) say(t("It contains no files"));
  if (sounds.length === 0) return;
  const drop = { job: null, files: 0 };
  queue.push(...portions(sounds).map((some) => portion(some, drop)));
  const now = sending.peek();
  sending.value = { done: 0, waits: null, ...now, total: (now?.total ?? 0) + sounds.length };
  if (!now) await sendAll();
}

function portion(files: readonly NamedFile[], drop: Drop): Portion {
  return { files, drop, key: randomName() };
}

/** Send nothing more; what was not sent is listed. */
export function stopSending(): void {
  stopping.abort();
}

async function sendAll(): Promise<void> {
  const before = notAdded.peek().length;
  stopping = new AbortController();
  addEventListener("beforeunload", warn);
  for (let next = queue.shift(); next; next = queue.shift()) await send(next);
  removeEventListener("beforeunload", warn);
  sending.value = null;
  const left = notAdded.peek().length - before;
  if (left > 0)
    say(
      t("{n} file not added; see Library for the reason|{n} files not added; see Library for the reasons", {
        n: left,
      }),
      { bad: true },
    );
}

/** Send these files, until the service accepted them or refused them for good. */
async function send(next: Portion): Promise<void> {
  const { files, drop } = next;
  for (let breaks = 1; ;) {
    if (stopping.signal.aborted) return leave(files, t("Sending was stopped."));
    try {
      const job = await post(next);
      drop.files = job.files.length;
      drop.job = drop.files < MOST_OF_JOB ? job.id : null;
      void refreshJobs();
      return settle(files.length);
    } catch (error) {
      if (stopping.signal.aborted) continue;
      if (error instanceof Unreachable) {
        const gone = await unreadable(files);
        if (gone.size > 0) {
          leave([...gone], t("It can no longer be read: it was changed, moved or deleted."));
          const there = files.filter((file) => !gone.has(file));
          if (there.length > 0) queue.unshift(portion(there, drop));
          return;
        }
        if (breaks > MOST_BREAKS)
          return splitOrLeave(next, t("The connection broke every time it was sent."));
        await wait(t("the service does not answer"), backAgain());
        await wait(t("the service does not answer"), pause(breaks - 1, stopping.signal));
        breaks++;
      } else if (!(error instanceof Refused)) return leave(files, String(error));
      else if (error.status === TOO_LARGE)
        return splitOrLeave(next, t("It is larger than the service takes."));
      else if (OF_CONTENT.has(error.status)) return splitOrLeave(next, error.message);
      else if (error.status === 401) await wait(t("the service needs a key"), backAgain());
      else if (OF_THE_MOMENT.has(error.status) || error.retryAfterS !== null)
        await wait(
          error.message,
          pause(Math.min(error.retryAfterS ?? WAIT_S, LONGEST_WAIT_S), stopping.signal),
        );
      else if (error.status !== 409 || !(await hasLostItsJob(drop))) return leave(files, error.message);
    }
  }
}

/** Whether the job that these files should join was dismissed meanwhile; then they start a new one. */
async function hasLostItsJob(drop: Drop): Promise<boolean> {
  if (drop.job === null) return false;
  const isGone = await ask(`/jobs/${drop.job}`).then(
    () => false,
    (error: unknown) => error instanceof Refused && error.status === 404,
  );
  if (isGone) drop.job = null;
  return isGone;
}

function post({ files, drop, key }: Portion): Promise<Job> {
  const form = new FormData();
  if (drop.job !== null && drop.files + files.length <= MOST_OF_JOB) form.append("job", String(drop.job));
  for (const { file, name } of files) form.append("files", file, name);
  const headers = { "Idempotency-Key": key };
  return ask<Job>("/clips", { method: "POST", body: form, headers, signal: stopping.signal });
}

/** One bad file makes the service refuse its whole portion: find it by halving the portion, and send the others. */
function splitOrLeave({ files, drop }: Portion, cause: string): void {
  if (files.length === 1) return leave(files, cause);
  const middle = Math.ceil(files.length / 2);
  queue.unshift(portion(files.slice(0, middle), drop), portion(files.slice(middle), drop));
}

function leave(files: readonly NamedFile[], cause: string): void {
  const bare = (name: string) => (cause.startsWith(`${name}: `) ? cause.slice(name.length + 2) : cause);
  notAdded.value = [...notAdded.peek(), ...files.map(({ name }) => ({ name, cause: bare(name) }))];
  settle(files.length);
}

function settle(count: number): void {
  const now = sending.peek();
  if (now) sending.value = { ...now, done: now.done + count };
}

async function unreadable(files: readonly NamedFile[]): Promise<Set<NamedFile>> {
  const gone = new Set<NamedFile>();
  for (const one of files)
    await one.file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => gone.add(one));
  return gone;
}

/** Say why nothing is sent until `over`, or until sending is stopped. */
async function wait(why: string, over: Promise<void>): Promise<void> {
  const now = sending.peek();
  if (now) sending.value = { ...now, waits: why };
  const stopped = new Promise((resolve) =>
    stopping.signal.addEventListener("abort", resolve, { once: true }),
  );
  if (!stopping.signal.aborted) await Promise.race([over, stopped]);
  const then = sending.peek();
  if (then) sending.value = { ...then, waits: null };
}

/** Until the service answers, and lets us in. */
function backAgain(): Promise<void> {
  return new Promise((resolve) => {
    const end = reachability.subscribe((now) => {
      if (now !== "ok") return;
      resolve();
      queueMicrotask(() => end());
    });
  });
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function portions(files: readonly NamedFile[]): NamedFile[][] {
  const found: NamedFile[][] = [];
  let bytes = Infinity;
  for (const one of files) {
    const last = found.at(-1);
    if (!last || last.length >= MOST_FILES || bytes + one.file.size > MOST_BYTES) {
      found.push([one]);
      bytes = one.file.size;
    } else {
      last.push(one);
      bytes += one.file.size;
    }
  }
  return found;
}
