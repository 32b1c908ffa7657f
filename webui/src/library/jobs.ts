/** The service's jobs, followed in every view as long as one of them waits or runs. */
import { computed, signal } from "@preact/signals";
import { API, ask } from "../api/client";
import { newestOf } from "../api/newest";
import type { Job, Jobs } from "../api/service";
import { message, t } from "../messages/t";
import { removeLater } from "../ui/removelater";
import { sayFailure } from "../ui/toasts";
import { isEmptyLibrary, learnLibrary, libraryChanged, libraryWritten } from "./facts";

export const jobs = signal<readonly Job[]>([]);

const SHOWN = 20;
const FOLLOW_AGAIN_MS = 3000;
const LIVE = new Set<Job["state"]>(["queued", "running"]);
let followed: { id: number; events: EventSource } | null = null;

export const isLive = (job: Job): boolean => LIVE.has(job.state);

const list = newestOf<Jobs>((found) => (jobs.value = found.jobs));

export async function refreshJobs(): Promise<void> {
  try {
    await list(() => ask<Jobs>(`/jobs?limit=${SHOWN}`));
  } catch (error) {
    sayFailure(t("Jobs could not be listed"), error);
  }
  follow();
}

/** Start following the jobs, unless they are followed already. */
export function followJobs(): void {
  if (!followed) void refreshJobs();
}

const COULD_NOT = {
  pause: message("The job could not be paused"),
  resume: message("The job could not be resumed"),
  cancel: message("The job could not be cancelled"),
  retry: message("The job could not be tried again"),
};

export async function control(job: Job, command: keyof typeof COULD_NOT): Promise<void> {
  try {
    replace(await ask<Job>(`/jobs/${job.id}/${command}`, { method: "POST" }));
  } catch (error) {
    sayFailure(t(COULD_NOT[command]), error);
  }
  await refreshJobs();
}

export const hasEnded = (job: Job): boolean => !isLive(job) && job.state !== "paused";

/** The jobs that are being cleared from the list. */
const leaving = signal<ReadonlySet<number>>(new Set());

export const listed = computed(() => jobs.value.filter((job) => !leaving.value.has(job.id)));
export const canClear = computed(() => listed.value.some(hasEnded));

export const clearEnded = (): void => clear(listed.peek().filter(hasEnded));

/** Clear ended jobs from the list: on this page at once, for everybody once the time to undo is over. */
export function clear(ended: readonly Job[]): void {
  const ids = ended.map(({ id }) => id);
  leaving.value = new Set([...leaving.peek(), ...ids]);
  removeLater({
    said: t("{n} job removed from the list|{n} jobs removed from the list", { n: ids.length }),
    ids,
    pathOf: (id) => `/jobs/${id}`,
    failed: t("Jobs could not be cleared"),
    putBack: stay,
    done: () => refreshJobs().then(() => stay(ids)),
  });
}

function stay(ids: readonly number[]): void {
  leaving.value = new Set([...leaving.peek()].filter((id) => !ids.includes(id)));
}

function stopFollowing(): void {
  followed?.events.close();
  followed = null;
}

/** Follow the job that runs, or comes next, by server-sent events. */
function follow(): void {
  const next = jobs.peek().find((job) => job.state === "running") ?? jobs.peek().findLast(isLive);
  if (next?.id === followed?.id) return;
  stopFollowing();
  if (!next) return;
  const events = new EventSource(`${API}/jobs/${next.id}/events`);
  followed = { id: next.id, events };
  events.addEventListener("job", (event) => {
    const job = JSON.parse((event as MessageEvent<string>).data) as Job;
    replace(job);
    if (isLive(job)) return;
    stopFollowing();
    void refreshJobs();
    // not between many jobs: the list would change while somebody reads it
    const amid = jobs.peek().some(isLive) && !isEmptyLibrary();
    void libraryWritten(amid ? learnLibrary : libraryChanged);
  });
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED || followed?.events !== events) return; // it connects again by itself
    stopFollowing();
    window.setTimeout(followJobs, FOLLOW_AGAIN_MS);
  });
}

function replace(job: Job): void {
  jobs.value = jobs.peek().map((one) => (one.id === job.id ? job : one));
}
