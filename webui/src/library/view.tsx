/** The library: adding files and folders, the jobs that index them, and what it holds. */
import { useEffect, useRef } from "preact/hooks";
import { type Ready, startJob } from "../api/service";
import { said } from "../messages/said";
import { message, type Plain, t, tx } from "../messages/t";
import { AUDIO_FILES } from "../question/drop";
import { count, sentence } from "../ui/format";
import { Icon } from "../ui/icons";
import { sayFailure } from "../ui/toasts";
import { filesIn } from "./dropped";
import { Duplicates } from "./duplicates";
import { facts, learnLibrary } from "./facts";
import { FailedFiles } from "./failures";
import { Folders } from "./folderlist";
import { JobCard } from "./job";
import { canClear, clearEnded, listed, refreshJobs } from "./jobs";
import { Merges } from "./merges";
import { type Sending, sending } from "./sending";
import { dismissNotAdded, notAdded, stopSending, upload } from "./uploads";
import "../styles/library.css";

const LISTED = 200;

export function LibraryView() {
  useEffect(() => {
    void refreshJobs();
    void learnLibrary();
  }, []);
  return (
    <main id="main" class="library" tabIndex={-1}>
      <h1>{t("Library")}</h1>
      <Facts />
      <Degraded />
      <AddSounds />
      <NotAdded />
      <FailedFiles />
      <Folders />
      <Duplicates />
      <Merges />
      <section class="jobs" aria-label={t("Jobs")}>
        <header class="jobs-head">
          <h2>{t("Jobs")}</h2>
          <button type="button" class="plain" onClick={() => void start("duplicates")}>
            {t("Find duplicates")}
          </button>
          <button type="button" class="plain" onClick={() => void start("map")}>
            {t("Draw the map")}
          </button>
          <button
            type="button"
            class="plain"
            title={t("Measures loudness, pitch, tempo, key and more, for columns and filters")}
            onClick={() => void start("facts")}
          >
            {t("Measure sounds")}
          </button>
          <button
            type="button"
            class="plain"
            title={t("Which events happen when: a timeline for each sound")}
            onClick={() => void start("events")}
          >
            {t("Find events")}
          </button>
          <button
            type="button"
            class="plain"
            title={t("Lets the library recognise its recordings in other files, even if they were altered")}
            onClick={() => void start("fingerprints")}
          >
            {t("Make fingerprints")}
          </button>
          {canClear.value && (
            <button
              type="button"
              class="plain"
              title={t("Remove finished jobs from the list")}
              onClick={clearEnded}
            >
              {t("Clear the list")}
            </button>
          )}
        </header>
        {listed.value.length === 0 && <p class="quiet">{t("No jobs yet. Adding sounds starts one.")}</p>}
        <ul>
          {listed.value.map((job) => (
            <JobCard key={job.id} job={job} />
          ))}
        </ul>
      </section>
    </main>
  );
}

async function start(kind: "duplicates" | "map" | "facts" | "events" | "fingerprints"): Promise<void> {
  try {
    await startJob(kind);
  } catch (error) {
    sayFailure(t("The job could not be started"), error);
  }
  await refreshJobs();
}

function Facts() {
  const now = facts.value;
  if (!now) return null;
  return (
    <dl class="facts">
      <div>
        <dd>{count(now.clips)}</dd>
        <dt>{t("sound|sounds", { n: now.clips })}</dt>
      </div>
      <div>
        <dd>{count(now.segments)}</dd>
        <dt>{t("passages")}</dt>
      </div>
      {now.unmeasured > 0 && (
        <div title={t("Measured while the service is idle, or now with Measure sounds")}>
          <dd>{count(now.unmeasured)}</dd>
          <dt>{t("not measured yet")}</dt>
        </div>
      )}
      <div>
        <dd class="facts-words">{now.spaces.join(t(", ")) || t("none yet")}</dd>
        <dt>{t("encoder")}</dt>
      </div>
    </dl>
  );
}

const DEGRADED: Record<Ready["degraded"][number]["what"], Plain> = {
  writing: message("Nothing can be saved at the moment: no uploads, likes or changes."),
  jobs: message("Jobs are waiting; they continue automatically."),
  snapshots: message(
    "What another machine last published cannot be fetched; results are correct, but slower.",
  ),
  catalog: message("The catalog does not answer."),
};

/** What does not work now, and why; searches do. */
function Degraded() {
  const all = facts.value?.degraded ?? [];
  if (all.length === 0) return null;
  return (
    <ul class="warnings" aria-label={t("Not working at the moment")}>
      {all.map(({ what, why }) => (
        <li key={what}>
          {t(DEGRADED[what])} <bdi>{sentence(said(why))}</bdi>
        </li>
      ))}
    </ul>
  );
}

/** The files that the library did not take, and why, until a person has seen it. */
function NotAdded() {
  const files = notAdded.value;
  if (files.length === 0) return null;
  return (
    <section class="not-added" aria-label={t("Files not added")}>
      <header class="jobs-head">
        <h2>{t("{n} file not added|{n} files not added", { n: files.length })}</h2>
        <button type="button" class="plain" onClick={dismissNotAdded}>
          {t("Dismiss")}
        </button>
      </header>
      <ul>
        {files.slice(0, LISTED).map(({ name, cause }, place) => (
          <li key={place}>
            <bdi>{name}</bdi>: <span class="quiet">{cause}</span>
          </li>
        ))}
      </ul>
      {files.length > LISTED && (
        <p class="quiet">{t("And {count} more.", { count: files.length - LISTED })}</p>
      )}
    </section>
  );
}

function sendingText({ done, total, waits }: Sending): string {
  const files = t("{n} file|{n} files", { n: total });
  return waits === null
    ? t("Sending {done} of {files} …", { done, files })
    : t("Sending waits: {why}. {done} of {files} done; it continues automatically.", {
        why: waits,
        done,
        files,
      });
}

function AddSounds() {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const chosen = (input: HTMLInputElement) => {
    void upload(filesIn(input));
    input.value = "";
  };
  const now = sending.value;
  return (
    <section class="add" aria-label={t("Add sounds")}>
      <Icon name="folder" />
      <p>{tx("{drop}, or choose", { drop: <strong>{t("Drop files or folders here")}</strong> })}</p>
      <p class="screen-actions">
        <button type="button" class="primary" onClick={() => files.current?.click()}>
          <Icon name="file" /> {t("Files")}
        </button>
        <button type="button" class="secondary" onClick={() => folder.current?.click()}>
          <Icon name="folder" /> {t("A folder")}
        </button>
      </p>
      <p class="hint">
        {tx(
          "Files are copied into the library. It is better to index a large collection in place: {command}",
          { command: <code>soundalike index ~/Sounds</code> },
        )}
      </p>
      <p role="status">{now && sendingText(now)}</p>
      {now && (
        <button type="button" class="plain" onClick={stopSending}>
          {t("Stop sending")}
        </button>
      )}
      <input
        ref={files}
        type="file"
        class="hidden"
        tabIndex={-1}
        aria-label={t("Choose files to add")}
        accept={AUDIO_FILES}
        multiple
        onChange={(event) => chosen(event.currentTarget)}
      />
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        class="hidden"
        tabIndex={-1}
        aria-label={t("Choose a folder to add")}
        onChange={(event) => chosen(event.currentTarget)}
      />
    </section>
  );
}
