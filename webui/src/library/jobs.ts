/** The service's jobs, followed in every view as long as one of them waits or runs. */
import { signal } from "@preact/signals";
import { API, ask } from "../api/client";
import { newestOf } from "../api/newest";
import type { Job, Jobs } from "../api/service";
import { message, t } from "../messages/t";
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

/** There are jobs: follow them, unless that is done already. */
export function followJobs(): void {
  if (!followed) void refreshJobs();
}

const COULD_NOT = {
  pause: message("The job could not pause"),
  resume: message("The job could not resume"),
  cancel: message("The job could not cancel"),
};

export async function control(job: Job, command: "pause" | "resume" | "cancel"): Promise<void> {
  try {
    replace(await ask<Job>(`/jobs/${job.id}/${command}`, { method: "POST" }));
  } catch (error) {
    sayFailure(t(COULD_NOT[command]), error);
  }
  await refreshJobs();
}

/** Take what has ended off the list, here and for everybody. */
export async function clearEnded(): Promise<void> {
  const ended = jobs.peek().filter((job) => !isLive(job) && job.state !== "paused");
  try {
    for (const { id } of ended) await ask<void>(`/jobs/${id}`, { method: "DELETE" });
  } catch (error) {
    sayFailure(t("Jobs could not be cleared"), error);
  }
  await refreshJobs();
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
    // amid many jobs no list is asked for anew: it would be taken from under whoever reads it
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
