/** The saved searches in the side bar, each with its number of new matches; pressing one runs it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { SavedSearch } from "../api/service";
import { said } from "../messages/said";
import { t } from "../messages/t";
import { IconButton } from "../ui/icons";
import { RenameForm } from "../ui/renameform";
import { learnSearches, remove, rename, run, searches } from "./searches";

export function SavedSearches() {
  useEffect(() => void learnSearches(), []);
  return (
    <>
      {searches.value?.map((one) => (
        <SearchRow key={one.id} search={one} />
      ))}
      {searches.value?.length === 0 && (
        <p class="hint">{t("Run a search, then use “Save this search” beside the box to keep it here.")}</p>
      )}
    </>
  );
}

function SearchRow({ search }: { search: SavedSearch }) {
  const renaming = useSignal(false);
  if (renaming.value)
    return (
      <RenameForm
        name={search.name}
        rename={(name) => rename(search, name)}
        onDone={() => (renaming.value = false)}
      />
    );
  return (
    <>
      <div class="list-line">
        <button type="button" class="list-row" onClick={() => void run(search)}>
          <span class="facet-name">
            <bdi>{search.name}</bdi>
          </span>
          {search.unseen > 0 && <span class="new-count">{t("{n} new|{n} new", { n: search.unseen })}</span>}
        </button>
        <IconButton
          icon="edit"
          label={t("Rename {name}", { name: search.name })}
          onClick={() => (renaming.value = true)}
        />
        <IconButton
          icon="trash"
          label={t("Delete the search {name}", { name: search.name })}
          onClick={() => remove(search)}
        />
      </div>
      {search.trouble && (
        <p class="hint">
          <bdi>{said(search.trouble)}</bdi>
        </p>
      )}
    </>
  );
}
