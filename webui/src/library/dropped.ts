/** The files of a drop or a choice, those of folders too, with the folders that they lie in. */
import { t } from "../messages/t";
import { say } from "../ui/toasts";

const MOST_FILES = 20_000;
const HIDDEN = /(^|\/)\./;

export interface NamedFile {
  file: File;
  /** The name for the library: with its folders, separated by slashes. */
  name: string;
}

export interface Dropped {
  files: NamedFile[];
  /** Whether a folder was among what was dropped. */
  folders: boolean;
}

/** The files of an input; of a folder those that are not hidden, as macOS hides the `._name` that it adds. */
export function filesIn(input: HTMLInputElement): NamedFile[] {
  return [...(input.files ?? [])]
    .map((file) => ({ file, name: file.webkitRelativePath || file.name }))
    .filter(({ file, name }) => !file.webkitRelativePath || !HIDDEN.test(name));
}

export async function filesOf(transfer: DataTransfer): Promise<Dropped> {
  // entries must be read before the first await: the browser discards the drop then
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0)
    return { files: [...transfer.files].map((file) => ({ file, name: file.name })), folders: false };
  const files: NamedFile[] = [];
  for (const entry of entries) await collect(entry, "", files);
  if (files.length >= MOST_FILES)
    say(
      t("Only the first {most} files were added; index large folders with: {command}", {
        most: String(MOST_FILES),
        command: "soundalike index FOLDER",
      }),
    );
  return { files, folders: entries.some((entry) => !entry.isFile) };
}

async function collect(entry: FileSystemEntry, above: string, found: NamedFile[]): Promise<void> {
  if (HIDDEN.test(entry.name) || found.length >= MOST_FILES) return;
  const name = above + entry.name;
  try {
    if (entry.isFile) found.push({ file: await fileOf(entry as FileSystemFileEntry), name });
    else
      for (const one of await listed(entry as FileSystemDirectoryEntry))
        await collect(one, `${name}/`, found);
  } catch {
    say(t("{name} cannot be read", { name }), { bad: true });
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

async function listed(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    found.push(...some);
  }
}
