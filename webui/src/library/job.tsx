/** One job: how far it is, what failed, and pausing, resuming, cancelling it. */
import type { Job } from "../api/service";
import { said } from "../messages/said";
import { message, type Plain, t } from "../messages/t";
import { go } from "../route";
import { NOTHING } from "../question/model";
import { duration, remaining } from "../ui/format";
import { Icon } from "../ui/icons";
import { clear, control, hasEnded, jobs } from "./jobs";

const KINDS: Record<Job["kind"], Plain> = {
  index: message("Index"),
  scan: message("Scan@@job"),
  remove: message("Remove@@folder"),
  duplicates: message("Find duplicates"),
  map: message("Draw the map"),
  facts: message("Measure sounds"),
  events: message("Find events"),
  fingerprints: message("Make fingerprints"),
  speech: message("Transcribe speech"),
};
const STATES: Record<Job["state"], Plain> = {
  queued: message("waiting"),
  running: message("running"),
  paused: message("paused"),
  done: message("done"),
  failed: message("failed"),
  cancelled: message("cancelled"),
};
/** Kinds of jobs that are about the files or the folder that they name. */
const OF_FILES = new Set<Job["kind"]>(["index", "scan", "remove"]);
const INDEXING = new Set<Job["kind"]>(["index", "scan"]);
const FAILURES_SHOWN = 5;

export function JobCard({ job }: { job: Job }) {
  const { progress, state } = job;
  const share = state === "done" ? 1 : progress.share;
  const name = nameOf(job);
  return (
    <li class={`job job-${state}`} data-job={job.id}>
      <p class="job-name">
        <strong>
          <bdi>{name}</bdi>
        </strong>{" "}
        <span class="job-state">{t(STATES[state])}</span>
      </p>
      <progress
        class={state === "running" && share === 0 ? "breathing" : ""}
        max={1}
        value={share}
        aria-label={name}
      />
      <p class="job-progress">
        {state === "queued" ? waitsText(job) : progressText(job)}
        {left(job)}
      </p>
      {job.reason && (
        <p class="refusal">
          <bdi>{said(job.reason)}</bdi>
        </p>
      )}
      <Failures job={job} />
      <p class="job-tools">
        {(state === "running" || state === "queued") && INDEXING.has(job.kind) && (
          <button type="button" class="secondary" onClick={() => void control(job, "pause")}>
            <Icon name="pause" /> {t("Pause")}
          </button>
        )}
        {state === "paused" && (
          <button type="button" class="secondary" onClick={() => void control(job, "resume")}>
            <Icon name="play" /> {t("Resume")}
          </button>
        )}
        {(state === "running" || state === "queued" || state === "paused") && (
          <button type="button" class="danger" onClick={() => void control(job, "cancel")}>
            {t("Cancel")}
          </button>
        )}
        {(state === "failed" || (state === "done" && job.failures.length > 0)) && (
          <button type="button" class="secondary" onClick={() => void control(job, "retry")}>
            <Icon name="refresh" /> {t("Try again")}
          </button>
        )}
        {state === "done" && INDEXING.has(job.kind) && (
          <button type="button" class="plain" onClick={() => go({ view: "search", question: NOTHING })}>
            {t("Show the sounds")}
          </button>
        )}
        {hasEnded(job) && (
          <button
            type="button"
            class="plain"
            aria-label={`${t("Clear")}: ${name}`}
            onClick={() => clear([job])}
          >
            {t("Clear")}
          </button>
        )}
      </p>
    </li>
  );
}

function nameOf({ kind, files }: Job): string {
  const what = t(KINDS[kind]);
  return OF_FILES.has(kind) ? t("{what} {files}", { what, files: named(files) }) : what;
}

/** Kinds of jobs that let all others go first (`search.model.GIVING_WAY`). */
const GIVING_WAY = new Set<Job["kind"]>(["facts", "events", "fingerprints", "speech"]);

/** What a queued job waits for. */
function waitsText({ kind }: Job): string {
  const running = jobs.value.find((one) => one.state === "running");
  if (!running) return t("Waiting for its turn");
  if (GIVING_WAY.has(running.kind) && !GIVING_WAY.has(kind))
    return t("Starting soon: {job} lets it go first", { job: nameOf(running) });
  return t("Waiting for this to finish: {job}", { job: nameOf(running) });
}

const named = (files: readonly string[]): string =>
  files.length === 1 ? (files[0] ?? "") : t("{n} file|{n} files", { n: files.length });

function progressText({ progress }: Job): string {
  if (progress.files_total === 0) return "";
  const said = [t("{done} of {total}", { done: progress.files_done, total: progress.files_total })];
  if (progress.audio_s > 0) said.push(t("{length} of sound", { length: duration(progress.audio_s) }));
  if (progress.failed > 0) said.push(t("{count} failed", { count: progress.failed }));
  return said.join(t(", "));
}

/** The estimated time left, once it can be estimated. */
function left({ state, progress }: Job): string {
  if (state !== "running" || progress.left_s === null || progress.share < 0.05) return "";
  return t(", {time} left", { time: remaining(progress.left_s) });
}

function Failures({ job }: { job: Job }) {
  if (job.failures.length === 0) return null;
  return (
    <details class="failures" open={job.failures.length <= FAILURES_SHOWN}>
      <summary>
        {t("{n} file could not be indexed|{n} files could not be indexed", { n: job.failures.length })}
      </summary>
      <ul>
        {job.failures.map((failure) => (
          <li key={failure.file}>
            <bdi>{failure.file}</bdi>: <span class="quiet">{said(failure.cause)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
