/** The folders that the library indexes, as a list: each is scanned again or taken out; one is added by its path. */
import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api/client";
import { NOTHING } from "../question/model";
import { go } from "../route";
import { locale } from "../messages/language";
import { t } from "../messages/t";
import { Icon } from "../ui/icons";
import { sayFailure } from "../ui/toasts";
import {
  addFolder,
  type Folder,
  folders,
  followFolders,
  leavingFolders,
  removeFolder,
  scanFolder,
} from "./folders";
import { isLive, jobs } from "./jobs";

export function Folders() {
  useEffect(followFolders, []);
  const now = folders.value;
  if (!now) return null;
  const shown = now.roots.filter((one) => !leavingFolders.value.has(one.id));
  return (
    <section class="folders" aria-label={t("Folders")}>
      <header class="jobs-head">
        <h2>{t("Folders")}</h2>
      </header>
      {shown.length === 0 && now.uploads === 0 && <p class="quiet">{t("No folders yet.")}</p>}
      <ul>
        {shown.map((folder) => (
          <FolderLine key={folder.id} folder={folder} />
        ))}
        {now.uploads > 0 && (
          <li class="folder">
            <p class="folder-name">
              <strong>{t("Uploads")}</strong>
            </p>
            <p class="folder-facts">
              {t("{n} sound, stored in the library|{n} sounds, stored in the library", { n: now.uploads })}
            </p>
          </li>
        )}
      </ul>
      {now.addable && <AddFolder />}
    </section>
  );
}

function FolderLine({ folder }: { folder: Folder }) {
  const { name, path, present, clips, missing, scanned } = folder;
  const scan = jobs.value.find((job) => job.kind === "scan" && isLive(job) && job.files[0] === name);
  const does = !scan
    ? t("Scan again")
    : scan.state === "running"
      ? t("Scanning")
      : t("Waiting to be scanned");
  return (
    <li class="folder" data-root={folder.id}>
      <p class="folder-name">
        <strong>
          <bdi>{name}</bdi>
        </strong>{" "}
        {path && path !== name && <bdi class="quiet">{path}</bdi>}
      </p>
      <p class="folder-facts">
        {t("{n} sound|{n} sounds", { n: clips })}
        {scanned !== null && (
          <>
            {" · "}
            {t("looked through {when}", { when: moment(scanned) })}
          </>
        )}
        {missing > 0 && (
          <>
            {" · "}
            <button
              type="button"
              class="plain"
              onClick={() =>
                go({
                  view: "search",
                  question: { ...NOTHING, filters: ["missing"], within: `root:${folder.id}` },
                })
              }
            >
              {t("{n} missing", { n: missing })}
            </button>
          </>
        )}
      </p>
      {!present && (
        <p class="refusal">
          {t("This folder is not available; its disk may be disconnected. Its sounds stay in the library.")}
        </p>
      )}
      <p class="folder-tools">
        <button
          type="button"
          class="secondary"
          disabled={scan !== undefined}
          aria-label={`${does}: ${name}`}
          onClick={() => void scanFolder(folder)}
        >
          {does}
        </button>
        <button
          type="button"
          class="danger"
          aria-label={t("Remove {what}", { what: name })}
          onClick={() => removeFolder(folder)}
        >
          {t("Remove")}
        </button>
      </p>
    </li>
  );
}

const moment = (at_s: number): string =>
  new Date(at_s * 1000).toLocaleString(locale.value, { dateStyle: "medium", timeStyle: "short" });

function AddFolder() {
  const [path, setPath] = useState("");
  const [wrong, setWrong] = useState("");
  const add = async (event: Event) => {
    event.preventDefault();
    if (!path.trim()) return;
    setWrong("");
    try {
      await addFolder(path.trim());
      setPath("");
    } catch (error) {
      if (error instanceof Refused && error.status !== 401) setWrong(error.message);
      else sayFailure(t("The folder was not added"), error);
    }
  };
  return (
    <form class="add-folder" onSubmit={(event) => void add(event)}>
      <label for="add-folder">{t("Add a folder by its path, on the machine that runs the service")}</label>
      <div class="field-row">
        <input
          id="add-folder"
          type="text"
          value={path}
          placeholder="/home/me/Sounds"
          aria-invalid={wrong !== ""}
          aria-describedby={wrong ? "add-folder-wrong" : undefined}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setPath(event.currentTarget.value)}
        />
        <button type="submit" class="secondary">
          <Icon name="plus" /> {t("Add")}
        </button>
      </div>
      {wrong && (
        <p id="add-folder-wrong" class="refusal" role="alert">
          <bdi>{wrong}</bdi>
        </p>
      )}
    </form>
  );
}
