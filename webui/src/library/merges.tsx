/** Merging copies into one clip, and the list of merges, each with an undo button. */
import { signal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { newestOf } from "../api/newest";
import { listMerges, mergeClips, type Merge, undoMerge } from "../api/service";
import { clipName } from "../inspector/names";
import { said } from "../messages/said";
import { t, tx } from "../messages/t";
import { useFocusOnNext } from "../ui/focusonnext";
import { removeLater } from "../ui/removelater";
import { say, sayFailure } from "../ui/toasts";
import { libraryEdited, libraryVersion } from "./facts";
import { bringBack, hide } from "./removals";

/** How many merges are listed, the newest first. */
const SHOWN = 10;

const merges = signal<{ total: number; merges: readonly Merge[] }>({ total: 0, merges: [] });
const show = newestOf<{ total: number; merges: Merge[] }>((now) => (merges.value = now));

async function learnMerges(): Promise<void> {
  try {
    await show(() => listMerges(SHOWN));
  } catch {
    // a service that is gone or locked has its own screen
  }
}

/** Keep one clip of several: the others leave at once, and their tags, likes and collections pass to it. */
export async function merge(keep: number, clips: readonly number[]): Promise<void> {
  hide(clips);
  try {
    const { id } = await mergeClips({ keep, clips: [...clips] });
    say(t("{n} sound merged|{n} sounds merged", { n: clips.length }), {
      action: { name: t("Undo"), run: () => undo(id) },
    });
  } catch (error) {
    sayFailure(t("Not merged"), error);
    bringBack(clips);
  }
  await Promise.all([learnMerges(), libraryEdited()]);
}

async function undo(id: number): Promise<void> {
  stayUndoable.get(id)?.();
  try {
    const { restored, notes } = await undoMerge(id);
    bringBack(restored);
    for (const note of notes) say(said(note));
  } catch (error) {
    sayFailure(t("Not undone"), error);
  }
  await Promise.all([learnMerges(), libraryEdited()]);
}

/** Merges that are being made final: hidden, and final once the time to undo that is over. */
const ending = signal<ReadonlySet<number>>(new Set());

/** The function that undoes this, for each merge: undoing a merge also cancels making it final. */
const stayUndoable = new Map<number, () => void>();

export function makeFinal(id: number): void {
  ending.value = new Set([...ending.peek(), id]);
  const takeBack = removeLater({
    said: t("The merge will be final in a moment and can then no longer be undone"),
    ids: [id],
    pathOf: (one) => `/merges/${one}`,
    failed: t("The merge could not be made final"),
    putBack: () => showAgain(id),
    done: () => learnMerges().then(() => showAgain(id)),
  });
  stayUndoable.set(id, takeBack);
}

function showAgain(id: number): void {
  stayUndoable.delete(id);
  ending.value = new Set([...ending.peek()].filter((one) => one !== id));
}

/** The merges that can be undone; renders nothing without any. */
export function Merges() {
  useSignalEffect(() => {
    void libraryVersion.value;
    void learnMerges();
  });
  const list = useRef<HTMLUListElement>(null);
  const press = useFocusOnNext(list);
  const newest = merges.value.merges.filter((one) => !ending.value.has(one.id));
  const total = merges.value.total - ending.value.size;
  if (total === 0) return null;
  return (
    <section class="duplicates merges" aria-label={t("Merges")}>
      <header class="jobs-head">
        <h2>{t("{n} merge can be undone|{n} merges can be undone", { n: total })}</h2>
      </header>
      <ul ref={list} class="copies">
        {newest.map((one, place) => (
          <li key={one.id} onClickCapture={(event) => press(place, event)}>
            <bdi>{clipName(one.keep)}</bdi>
            <span class="quiet">
              {tx("merged with {names}", {
                names: <bdi>{one.clips.map((clip) => clip.title).join(", ")}</bdi>,
              })}
            </span>
            <button
              type="button"
              class="plain"
              aria-label={t("Undo the merge into {name}", { name: clipName(one.keep).value })}
              onClick={() => void undo(one.id)}
            >
              {t("Undo")}
            </button>
            <button
              type="button"
              class="plain"
              aria-label={t("Make final: the merge into {name} can no longer be undone", {
                name: clipName(one.keep).value,
              })}
              title={t("Make final: the merge into {name} can no longer be undone", {
                name: clipName(one.keep).value,
              })}
              onClick={() => makeFinal(one.id)}
            >
              {t("Make final")}
            </button>
          </li>
        ))}
      </ul>
      {total > newest.length && (
        <p class="quiet">
          {tx(
            "And {n} more merge: {command} lists them all.|And {n} more merges: {command} lists them all.",
            {
              n: total - newest.length,
              command: <code>soundalike unmerge --list</code>,
            },
          )}
        </p>
      )}
    </section>
  );
}
