/** One job: how far it is, what failed, and pausing, resuming, cancelling it. */
import type { Job } from "../api/service";
import { go } from "../route";
import { NOTHING } from "../question/model";
import { count, duration, plural, remaining } from "../ui/format";
import { Icon } from "../ui/icons";
import { control } from "./jobs";

const KINDS: Record<Job["kind"], string> = {
  index: "Index",
  scan: "Scan",
  remove: "Take out",
  duplicates: "Find duplicates",
  map: "Draw the map",
  facts: "Measure sounds",
};
const STATES: Record<Job["state"], string> = {
  queued: "waits",
  running: "runs",
  paused: "is paused",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};
/** Kinds of jobs that are about the files or the folder that they name. */
const OF_FILES = new Set<Job["kind"]>(["index", "scan", "remove"]);
const INDEXING = new Set<Job["kind"]>(["index", "scan"]);
const FAILURES_SHOWN = 5;

export function JobCard({ job }: { job: Job }) {
  const { progress, state } = job;
  const share = state === "done" ? 1 : progress.share;
  const name = OF_FILES.has(job.kind) ? `${KINDS[job.kind]} ${named(job.files)}` : KINDS[job.kind];
  return (
    <li class={`job job-${state}`} data-job={job.id}>
      <p class="job-name">
        <strong>
          <bdi>{name}</bdi>
        </strong>{" "}
        <span class="job-state">{STATES[state]}</span>
      </p>
      <progress
        class={state === "running" && share === 0 ? "breathing" : ""}
        max={1}
        value={share}
        aria-label={name}
      />
      <p class="job-progress">
        {progressText(job)}
        {left(job)}
      </p>
      {job.reason && (
        <p class="refusal">
          <bdi>{job.reason}</bdi>
        </p>
      )}
      <Failures job={job} />
      <p class="job-tools">
        {(state === "running" || state === "queued") && INDEXING.has(job.kind) && (
          <button type="button" class="secondary" onClick={() => void control(job, "pause")}>
            <Icon name="pause" /> Pause
          </button>
        )}
        {state === "paused" && (
          <button type="button" class="secondary" onClick={() => void control(job, "resume")}>
            <Icon name="play" /> Resume
          </button>
        )}
        {(state === "running" || state === "queued" || state === "paused") && (
          <button type="button" class="danger" onClick={() => void control(job, "cancel")}>
            Cancel
          </button>
        )}
        {state === "done" && INDEXING.has(job.kind) && (
          <button type="button" class="plain" onClick={() => go({ view: "search", question: NOTHING })}>
            Look at them
          </button>
        )}
      </p>
    </li>
  );
}

const named = (files: readonly string[]): string =>
  files.length === 1 ? (files[0] ?? "") : plural(files.length, "file");

function progressText({ progress, state }: Job): string {
  if (progress.files_total === 0) return state === "queued" ? "Waits for its turn" : "";
  const failed = progress.failed > 0 ? `, ${count(progress.failed)} failed` : "";
  const listened = progress.audio_s > 0 ? `, ${duration(progress.audio_s)} of sound` : "";
  return `${count(progress.files_done)} of ${count(progress.files_total)}${listened}${failed}`;
}

/** How long it will go on, once that can be said. */
function left({ state, progress }: Job): string {
  if (state !== "running" || progress.left_s === null || progress.share < 0.05) return "";
  return `, ${remaining(progress.left_s)} left`;
}

function Failures({ job }: { job: Job }) {
  if (job.failures.length === 0) return null;
  return (
    <details class="failures" open={job.failures.length <= FAILURES_SHOWN}>
      <summary>{plural(job.failures.length, "file")} could not be indexed</summary>
      <ul>
        {job.failures.map((failure) => (
          <li key={failure.file}>
            <bdi>{failure.file}</bdi>: <span class="quiet">{failure.cause}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
