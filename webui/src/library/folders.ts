/** The folders that the library indexes: what is known of them, and the jobs that scan, add and take them out. */
import { effect, signal } from "@preact/signals";
import { newestOf } from "../api/newest";
import { addRoot, roots, type Roots, scanRoot } from "../api/service";
import { t } from "../messages/t";
import { removeLater } from "../ui/removelater";
import { sayFailure } from "../ui/toasts";
import { libraryVersion } from "./facts";
import { jobs, refreshJobs } from "./jobs";

export type Folder = Roots["roots"][number];

export const folders = signal<Roots | null>(null);
/** Folders that are being removed: hidden, and removed at the service once the time to undo is over. */
export const leavingFolders = signal<ReadonlySet<number>>(new Set());

const show = newestOf<Roots>((found) => (folders.value = found));

export async function learnFolders(): Promise<void> {
  try {
    await show(roots);
  } catch {
    // a service that is gone or locked has its own screen, which retries
  }
}

/** Fetch them again whenever a job ended or the library changed, until the returned function is called. */
export function followFolders(): () => void {
  let before = "";
  return effect(() => {
    const ended = jobs.value.filter((job) => job.finished !== null).map((job) => job.id);
    const now = `${libraryVersion.value} ${ended.join()}`;
    if (now === before) return;
    before = now;
    void learnFolders();
  });
}

/** Index a folder of the service's machine; whether the service took it. Throws Refused, in words for people. */
export async function addFolder(path: string): Promise<void> {
  await addRoot(path);
  await refreshJobs();
}

export async function scanFolder(folder: Folder): Promise<void> {
  try {
    await scanRoot(folder.id);
  } catch (error) {
    sayFailure(t("{name} could not be scanned", { name: folder.name }), error);
  }
  await refreshJobs();
}

/** Remove a folder: hidden at once, removed at the service once the time to undo is over. */
export function removeFolder({ id, name }: Folder): void {
  leavingFolders.value = new Set([...leavingFolders.peek(), id]);
  removeLater({
    said: t("{name} and its sounds taken out of the library; its files stay", { name }),
    ids: [id],
    pathOf: (root) => `/roots/${root}`,
    failed: t("Not removed"),
    putBack: () => putBack(id),
    done: refreshJobs,
  });
}

function putBack(id: number): void {
  leavingFolders.value = new Set([...leavingFolders.peek()].filter((one) => one !== id));
}
