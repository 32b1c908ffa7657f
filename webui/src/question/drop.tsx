/**
 * Sounds dropped anywhere on the page. They become parts of the question; in the library's view, and while the library
 * is empty, they are indexed instead, as are whole folders anywhere.
 */
import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { filesOf } from "../library/dropped";
import { isEmptyLibrary } from "../library/facts";
import { t } from "../messages/t";
import { ask, go, question, view } from "../route";
import { keepLoading } from "../ui/later";
import { say } from "../ui/toasts";
import { keepSound } from "./sounds";

export const AUDIO_FILES =
  "audio/*,video/mp4,video/quicktime,video/x-matroska,video/webm,.flac,.aif,.aiff,.opus,.mid,.midi";
const MOST_BYTES = 64 * 2 ** 20;
const MOST_SOUNDS = 8;

/** Add sounds to the question. Files that are not sounds are left to the service, which reports them. */
export async function addSounds(files: readonly File[]): Promise<void> {
  const small = files.filter((file) => file.size <= MOST_BYTES && file.size > 0);
  for (const file of files)
    if (!small.includes(file))
      say(t("{name} is empty, or larger than 64 MB", { name: file.name }), { bad: true });
  if (small.length > MOST_SOUNDS)
    say(
      t("A search takes up to {most} sounds. To search among many, add them to the library.", {
        most: MOST_SOUNDS,
      }),
    );
  const keys = await Promise.all(small.slice(0, MOST_SOUNDS).map(keepSound));
  if (keys.length === 0) return;
  const parts = keys.map((file) => ({ thing: { kind: "audio" as const, file }, weight: 1 }));
  ask({ parts: [...question.value.parts, ...parts] });
}

const isForLibrary = (): boolean => view.value === "library" || isEmptyLibrary();

export function DropTarget() {
  const over = useSignal(false);
  useLayoutEffect(() => {
    const enter = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      over.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) over.value = false;
    };
    const drop = async (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      over.value = false;
      const forLibrary = isForLibrary();
      const { files, folders } = await filesOf(event.dataTransfer);
      if (!forLibrary && !folders) return addSounds(files.map(({ file }) => file));
      if (files.length > 0) go({ view: "library" });
      keepLoading(
        () => import("../library/uploads"),
        ({ upload }) => void upload(files),
      );
    };
    addEventListener("dragover", enter);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  if (!over.value) return null;
  return (
    <div class="drop" aria-hidden="true">
      {isForLibrary() ? (
        <p>{t("Drop to add to the library")}</p>
      ) : (
        <p>
          {t("Drop to find sounds like it")}
          <span class="drop-more">{t("Folders are added to the library")}</span>
        </p>
      )}
    </div>
  );
}
