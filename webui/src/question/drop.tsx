/** Sounds dropped anywhere on the page: parts of the question, or, in the library, files to index. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, question, view } from "../route";
import { say } from "../ui/toasts";
import { filesOf } from "../library/dropped";
import { keepSound } from "./sounds";

export const AUDIO_FILES =
  "audio/*,video/mp4,video/quicktime,video/x-matroska,video/webm,.flac,.aif,.aiff,.opus,.mid,.midi";
const MOST_BYTES = 64 * 2 ** 20;
const MOST_SOUNDS = 8;

/** Add sounds to the question. What is no sound is said by the service, in its own words. */
export async function addSounds(files: readonly File[]): Promise<void> {
  const small = files.filter((file) => file.size <= MOST_BYTES && file.size > 0);
  for (const file of files)
    if (!small.includes(file)) say(`${file.name} is empty, or larger than 64 MB`, { bad: true });
  if (small.length > MOST_SOUNDS)
    say(`A question takes ${MOST_SOUNDS} sounds; to search many, index them in the library.`);
  const keys = await Promise.all(small.slice(0, MOST_SOUNDS).map(keepSound));
  if (keys.length === 0) return;
  const parts = keys.map((file) => ({ thing: { kind: "audio" as const, file }, weight: 1 }));
  ask({ parts: [...question.value.parts, ...parts] });
}

export function DropTarget() {
  const over = useSignal(false);
  useEffect(() => {
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
      const files = await filesOf(event.dataTransfer);
      if (view.peek() === "library") (await import("../library/uploads")).upload(files);
      else await addSounds(files);
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
      <p>{view.value === "library" ? "Drop to add to the library" : "Drop to find sounds like it"}</p>
    </div>
  );
}
