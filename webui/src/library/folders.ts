/** The folders that the library indexes: what is known of them, and the jobs that scan, add and take them out. */
import { effect, signal } from "@preact/signals";
import { API } from "../api/client";
import { newestOf } from "../api/newest";
import { addRoot, removeRoot, roots, type Roots, scanRoot } from "../api/service";
import { t } from "../messages/t";
import { ACTION_MS, say, sayFailure } from "../ui/toasts";
import { libraryVersion } from "./facts";
import { jobs, refreshJobs } from "./jobs";

export type Folder = Roots["roots"][number];

export const folders = signal<Roots | null>(null);
/** The folders that are about to go: not shown, and taken out once nobody can take it back any more. */
export const leavingFolders = signal<ReadonlySet<number>>(new Set());

const show = newestOf<Roots>((found) => (folders.value = found));

export async function learnFolders(): Promise<void> {
  try {
    await show(roots);
  } catch {
    // whoever is gone or locked has a screen, and asks again
  }
}

/** Learn them anew whenever a job ended or the library changed, until the returned function is called. */
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

/** Take a folder out: here at once, at the service when nobody took it back. */
export function removeFolder({ id, name }: Folder): void {
  leavingFolders.value = new Set([...leavingFolders.peek(), id]);
  const timer = setTimeout(() => void send(id), ACTION_MS);
  say(t("{name} and its sounds taken out of the library; its files stay", { name }), {
    action: {
      name: t("Undo"),
      run: () => {
        clearTimeout(timer);
        putBack(id);
      },
    },
  });
}

function putBack(id: number): void {
  leavingFolders.value = new Set([...leavingFolders.peek()].filter((one) => one !== id));
}

async function send(id: number): Promise<void> {
  try {
    await removeRoot(id);
    sent.add(id);
  } catch (error) {
    sayFailure(t("Not removed"), error);
    putBack(id);
  }
  await refreshJobs();
}

/** What the service was told to take out. */
const sent = new Set<number>();

addEventListener("pagehide", () => {
  for (const id of leavingFolders.peek())
    if (!sent.has(id))
      fetch(`${API}/roots/${id}`, { method: "DELETE", keepalive: true }).catch(() => undefined); // nobody is there to be told
});
