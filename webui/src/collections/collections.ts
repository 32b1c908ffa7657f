/** Collections: sounds that are kept together under a name, at the service. */
import { signal } from "@preact/signals";
import { newestOf } from "../api/newest";
import {
  changeCollection,
  collection,
  type CollectionSummary,
  collections,
  deleteCollection,
  makeCollection,
} from "../api/service";
import { libraryChanged } from "../library/facts";
import { t } from "../messages/t";
import { ask, question } from "../route";
import type { Row } from "../results/rows";
import { listenToOthers, signalOthers } from "../ui/remembered";
import { say, sayFailure } from "../ui/toasts";

const KEY = "soundalike.collections";

/** By name; null until the service answered. */
export const known = signal<readonly CollectionSummary[] | null>(null);

const show = newestOf<{ collections: readonly CollectionSummary[] }>(
  (learnt) => (known.value = learnt.collections),
);

export async function learnCollections(): Promise<void> {
  try {
    await show(collections);
  } catch (error) {
    sayFailure(t("The collections could not be fetched"), error);
  }
}

async function learnAgain(): Promise<void> {
  await learnCollections();
  if (collectionIn(question.peek().within) !== null) await libraryChanged();
}

listenToOthers(KEY, () => void learnAgain());

/** The collection that a list's name means; null for another list, and for none. */
export const collectionIn = (within: string): number | null =>
  within.startsWith("collection:") ? Number(within.slice("collection:".length)) : null;

const itemsOf = (rows: readonly Row[]) =>
  rows.map(({ clip_id, match }) => ({
    clip_id,
    start_s: match?.start_s ?? null,
    end_s: match?.end_s ?? null,
  }));

/** Run a change, then fetch the collections and the shown list again; returns whether the change succeeded. */
async function written(what: string, change: () => Promise<unknown>): Promise<boolean> {
  try {
    await change();
  } catch (error) {
    sayFailure(what, error);
    return false;
  }
  signalOthers(KEY);
  await learnAgain();
  return true;
}

/** Add rows to the collection of this name, creating it if needed; undo removes only the rows that were new in it. */
export async function collect(name: string, rows: readonly Row[]): Promise<boolean> {
  const wanted = name.split(/\s+/).filter(Boolean).join(" ");
  let undo = async (): Promise<unknown> => undefined;
  const done = await written(t("They were not collected"), async () => {
    const there = (await collections()).collections.find((one) => one.name === wanted);
    if (!there) {
      const made = await makeCollection({ name: wanted, clips: itemsOf(rows) });
      undo = () => deleteCollection(made.id);
      return;
    }
    const before = new Map((await collection(there.id)).clips.map((one) => [one.clip_id, one]));
    await changeCollection(there.id, { added: itemsOf(rows), removed: [] });
    const added = rows.flatMap(({ clip_id }) => {
      const one = before.get(clip_id);
      return one ? [{ clip_id, start_s: one.start_s, end_s: one.end_s }] : [];
    });
    undo = () => changeCollection(there.id, { added, removed: rows.map((row) => row.clip_id) });
  });
  if (done)
    offer(t("{n} sound in {name}|{n} sounds in {name}", { n: rows.length, name: wanted }), () => undo());
  return done;
}

/** Remove rows from a collection; the clips stay in the library. */
export async function takeOutOf(id: number, rows: readonly Row[]): Promise<void> {
  const removed = rows.map((row) => row.clip_id);
  let added: { clip_id: number; start_s: number | null; end_s: number | null }[] = [];
  const done = await written(t("They could not be taken out"), async () => {
    const before = (await collection(id)).clips;
    added = before
      .filter((one) => removed.includes(one.clip_id))
      .map(({ clip_id, start_s, end_s }) => ({ clip_id, start_s, end_s }));
    await changeCollection(id, { added: [], removed });
  });
  const undo = () => changeCollection(id, { added, removed: [] });
  if (done)
    offer(
      t("{n} sound taken out of the collection|{n} sounds taken out of the collection", { n: rows.length }),
      undo,
    );
}

export async function rename({ id, name }: CollectionSummary, newName: string): Promise<boolean> {
  const to = (other: string) => () => changeCollection(id, { name: other, added: [], removed: [] });
  const done = await written(t("It could not be renamed"), to(newName));
  if (done) offer(t("{name} renamed to {newName}", { name, newName }), to(name));
  return done;
}

/** Delete a collection; undo creates a new one with the same name and sounds. */
export async function removeCollection({ id, name }: CollectionSummary): Promise<void> {
  let clips: { clip_id: number; start_s: number | null; end_s: number | null }[] = [];
  const done = await written(t("It could not be deleted"), async () => {
    clips = (await collection(id)).clips.map(({ clip_id, start_s, end_s }) => ({ clip_id, start_s, end_s }));
    await deleteCollection(id);
    if (collectionIn(question.peek().within) === id) ask({ within: "" });
  });
  if (done) offer(t("The collection {name} is deleted", { name }), () => makeCollection({ name, clips }));
}

function offer(text: string, undo: () => Promise<unknown>): void {
  const run = () => void written(t("It could not be undone"), undo);
  say(text, { action: { name: t("Undo"), run } });
}
