/** What somebody liked or disliked, and collections: each can be asked alone. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CollectionSummary } from "../api/service";
import { countOf, profile } from "../foryou/feedback";
import { folders, learnFolders } from "../library/folders";
import { t } from "../messages/t";
import { ask, question } from "../route";
import { count } from "../ui/format";
import { IconButton } from "../ui/icons";
import { RenameForm } from "../ui/renameform";
import { collectionIn, known, learnCollections, removeCollection, rename } from "./collections";

const LIKED = `liked:${profile}`;
const DISLIKED = `disliked:${profile}`;

export function Lists() {
  useEffect(() => void learnCollections(), []);
  return (
    <>
      <ListRow within={LIKED} name={t("Liked")} size={countOf("like")} />
      <ListRow within={DISLIKED} name={t("Disliked")} size={countOf("dislike")} />
      {known.value?.map((one) => (
        <CollectionRow key={one.id} collection={one} />
      ))}
      {known.value?.length === 0 && (
        <p class="hint">{t("Select sounds, then use “Collect” to keep them together here.")}</p>
      )}
    </>
  );
}

function ListRow({ within, name, size }: { within: string; name: string; size: number }) {
  const isAsked = question.value.within === within;
  return (
    <button
      type="button"
      class="list-row"
      aria-pressed={isAsked}
      onClick={() => ask({ within: isAsked ? "" : within })}
    >
      <span class="facet-name">
        <bdi>{name}</bdi>
      </span>
      <span class="facet-count">{count(size)}</span>
    </button>
  );
}

function CollectionRow({ collection }: { collection: CollectionSummary }) {
  const renaming = useSignal(false);
  if (renaming.value)
    return (
      <RenameForm
        name={collection.name}
        rename={(name) => rename(collection, name)}
        onDone={() => (renaming.value = false)}
      />
    );
  return (
    <div class="list-line">
      <ListRow within={`collection:${collection.id}`} name={collection.name} size={collection.clips} />
      <IconButton
        icon="edit"
        label={t("Rename {name}", { name: collection.name })}
        onClick={() => (renaming.value = true)}
      />
      <IconButton
        icon="trash"
        label={t("Delete the collection {name}", { name: collection.name })}
        onClick={() => void removeCollection(collection)}
      />
    </div>
  );
}

/** What the list that is asked is called. */
export function ListName({ within }: { within: string }) {
  const id = collectionIn(within);
  useEffect(() => {
    if (id !== null && known.peek() === null) void learnCollections();
  }, [id]);
  if (within === LIKED) return <span>{t("Liked")}</span>;
  if (within === DISLIKED) return <span>{t("Disliked")}</span>;
  const root = /^root:(\d+)$/.exec(within)?.[1];
  if (root) return <FolderName id={Number(root)} />;
  if (id === null) return <span>{t("someone else's list")}</span>;
  const name = known.value?.find((one) => one.id === id)?.name;
  return (
    <span>
      <bdi>{name ?? t("a collection")}</bdi>
    </span>
  );
}

function FolderName({ id }: { id: number }) {
  useEffect(() => void learnFolders(), [id]);
  const name = folders.value?.roots.find((one) => one.id === id)?.name;
  return (
    <span>
      <bdi>{name ?? t("a folder")}</bdi>
    </span>
  );
}
