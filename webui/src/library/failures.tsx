/** The files that could not be indexed, by a job or on the command line: why, and trying them again. */
import { signal, useSignalEffect } from "@preact/signals";
import { newestOf } from "../api/newest";
import { type Failures, failures, retryFailures } from "../api/service";
import { said } from "../messages/said";
import { t } from "../messages/t";
import { Icon } from "../ui/icons";
import { removeLater } from "../ui/removelater";
import { sayFailure } from "../ui/toasts";
import { libraryVersion } from "./facts";
import { jobs, refreshJobs } from "./jobs";

const LISTED = 200;

const known = signal<Failures | null>(null);
/** Cleared on the page, and not yet at the service. */
const areLeaving = signal(false);
const show = newestOf<Failures>((found) => (known.value = found));

async function learnFailures(): Promise<void> {
  try {
    await show(() => failures(LISTED));
  } catch {
    // a service that is gone or locked has its own screen, which retries
  }
}

async function retry(): Promise<void> {
  try {
    await retryFailures();
  } catch (error) {
    sayFailure(t("Trying again failed"), error);
  }
  await refreshJobs();
}

function clear(): void {
  areLeaving.value = true;
  const comeBack = () => (areLeaving.value = false);
  removeLater({
    said: t("List of files that could not be indexed cleared"),
    ids: [0],
    pathOf: () => "/failures",
    failed: t("The list was not cleared"),
    putBack: comeBack,
    done: () => learnFailures().then(comeBack),
  });
}

export function FailedFiles() {
  useSignalEffect(() => {
    void libraryVersion.value;
    void jobs.value.filter((job) => job.finished !== null).length;
    void learnFailures();
  });
  const now = known.value;
  if (!now || now.total === 0 || areLeaving.value) return null;
  return (
    <section class="not-added" aria-label={t("Files that could not be indexed")}>
      <header class="jobs-head">
        <h2>{t("{n} file could not be indexed|{n} files could not be indexed", { n: now.total })}</h2>
        <button type="button" class="plain" onClick={() => void retry()}>
          <Icon name="refresh" /> {t("Try again")}
        </button>
        <button type="button" class="plain" onClick={clear}>
          {t("Clear")}
        </button>
      </header>
      <ul>
        {now.failures.map(({ folder, file, cause }) => (
          <li key={`${folder}/${file}`}>
            <bdi>{folder === null ? file : `${folder}/${file}`}</bdi>:{" "}
            <span class="quiet">{said(cause)}</span>
          </li>
        ))}
      </ul>
      {now.total > now.failures.length && (
        <p class="quiet">{t("And {count} more.", { count: now.total - now.failures.length })}</p>
      )}
    </section>
  );
}
