/** The library: adding files and folders, the jobs that index them, and what it holds. */
import { useEffect, useRef } from "preact/hooks";
import { type Ready, startJob } from "../api/service";
import { AUDIO_FILES } from "../question/drop";
import { count, plural, sentence } from "../ui/format";
import { Icon } from "../ui/icons";
import { sayFailure } from "../ui/toasts";
import { filesIn } from "./dropped";
import { Duplicates } from "./duplicates";
import { facts, learnLibrary } from "./facts";
import { Folders } from "./folderlist";
import { JobCard } from "./job";
import { jobs, refreshJobs } from "./jobs";
import { type Sending, sending } from "./sending";
import { notAdded, stopSending, upload } from "./uploads";
import "../styles/library.css";

const LISTED = 200;

export function LibraryView() {
  useEffect(() => {
    void refreshJobs();
    void learnLibrary();
  }, []);
  return (
    <main id="main" class="library" tabIndex={-1}>
      <h1>Library</h1>
      <Facts />
      <Degraded />
      <AddSounds />
      <NotAdded />
      <Folders />
      <Duplicates />
      <section class="jobs" aria-label="Jobs">
        <header class="jobs-head">
          <h2>Jobs</h2>
          <button type="button" class="plain" onClick={() => void start("duplicates")}>
            Find duplicates
          </button>
          <button type="button" class="plain" onClick={() => void start("map")}>
            Draw the map
          </button>
          <button
            type="button"
            class="plain"
            title="Loudness, pitch, tempo, key and the rest: columns and filters know what was measured"
            onClick={() => void start("facts")}
          >
            Measure sounds
          </button>
        </header>
        {jobs.value.length === 0 && <p class="quiet">No job yet: adding sounds begins one.</p>}
        <ul>
          {jobs.value.map((job) => (
            <JobCard key={job.id} job={job} />
          ))}
        </ul>
      </section>
    </main>
  );
}

async function start(kind: "duplicates" | "map" | "facts"): Promise<void> {
  try {
    await startJob(kind);
  } catch (error) {
    sayFailure("The job could not be started", error);
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
        <dt>{now.clips === 1 ? "sound" : "sounds"}</dt>
      </div>
      <div>
        <dd>{count(now.segments)}</dd>
        <dt>passages</dt>
      </div>
      <div>
        <dd class="facts-words">{now.spaces.join(", ") || "none yet"}</dd>
        <dt>how it listens</dt>
      </div>
    </dl>
  );
}

const DEGRADED: Record<Ready["degraded"][number]["what"], string> = {
  writing: "Nothing can be kept at the moment: no uploads, likes or changes.",
  jobs: "Jobs wait; they go on by themselves.",
};

/** What does not work now, and why; searches do. */
function Degraded() {
  const all = facts.value?.degraded ?? [];
  if (all.length === 0) return null;
  return (
    <ul class="warnings" aria-label="What does not work now">
      {all.map(({ what, why }) => (
        <li key={what}>
          {DEGRADED[what]} <bdi>{sentence(why)}</bdi>
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
    <section class="not-added" aria-label="Files not added">
      <header class="jobs-head">
        <h2>{plural(files.length, "file")} not added</h2>
        <button type="button" class="plain" onClick={() => (notAdded.value = [])}>
          Dismiss
        </button>
      </header>
      <ul>
        {files.slice(0, LISTED).map(({ name, cause }, place) => (
          <li key={place}>
            <bdi>{name}</bdi>: <span class="quiet">{cause}</span>
          </li>
        ))}
      </ul>
      {files.length > LISTED && <p class="quiet">And {count(files.length - LISTED)} more.</p>}
    </section>
  );
}

function sendingText({ done, total, waits }: Sending): string {
  const files = plural(total, "file");
  return waits === null
    ? `Sending ${count(done)} of ${files} …`
    : `Sending waits: ${waits}. ${count(done)} of ${files} done; it goes on by itself.`;
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
    <section class="add" aria-label="Add sounds">
      <Icon name="folder" />
      <p>
        <strong>Drop files or folders here</strong>, or choose
      </p>
      <p class="screen-actions">
        <button type="button" class="primary" onClick={() => files.current?.click()}>
          <Icon name="file" /> Files
        </button>
        <button type="button" class="secondary" onClick={() => folder.current?.click()}>
          <Icon name="folder" /> A folder
        </button>
      </p>
      <p class="hint">
        They are copied into the library. A large collection is better indexed where it lies:{" "}
        <code>soundalike index ~/Sounds</code>
      </p>
      <p role="status">{now && sendingText(now)}</p>
      {now && (
        <button type="button" class="plain" onClick={stopSending}>
          Stop sending
        </button>
      )}
      <input
        ref={files}
        type="file"
        class="hidden"
        tabIndex={-1}
        aria-label="Choose files to add"
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
        aria-label="Choose a folder to add"
        onChange={(event) => chosen(event.currentTarget)}
      />
    </section>
  );
}
