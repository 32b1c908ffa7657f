/** The files of a drop, those of dropped folders too. */
import { say } from "../ui/toasts";

const MOST_FILES = 20_000;
const HIDDEN = /^\./;

export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // entries must be taken before the first wait: the browser forgets the drop then
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return [...transfer.files];
  const found: File[] = [];
  for (const entry of entries) await collect(entry, found);
  if (found.length >= MOST_FILES)
    say(`Only the first ${MOST_FILES} files were taken; index large folders with: soundalike index FOLDER`);
  return found;
}

async function collect(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (HIDDEN.test(entry.name) || found.length >= MOST_FILES) return;
  if (entry.isFile) {
    found.push(
      await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)),
    );
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const one of some) await collect(one, found);
  }
}
