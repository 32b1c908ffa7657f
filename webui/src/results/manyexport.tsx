/** As what the selected sounds are saved. */
import { t } from "../messages/t";
import { Icon } from "../ui/icons";
import { selectedRows } from "./many";
import { playlist, save, table } from "./manyfiles";
import { handles_s, LONGEST_HANDLES_S, takeOut } from "./taking";

export function ExportBar() {
  const ways: readonly (readonly [string, string, () => void])[] = [
    [t("Files (ZIP)"), t("The files, with a list of licences"), () => void takeOut(selectedRows(), "files")],
    [
      t("Passages (WAV)"),
      t("The matching passage of each, in a ZIP"),
      () => void takeOut(selectedRows(), "passages"),
    ],
    [
      t("Playlist"),
      "M3U8",
      () => save("soundalike.m3u8", "application/vnd.apple.mpegurl", playlist(selectedRows(), location.href)),
    ],
    ["CSV", t("A table"), () => save("soundalike.csv", "text/csv", table(selectedRows()))],
    ["EDL", t("An edit list (CMX 3600)"), () => void takeOut(selectedRows(), "edl")],
    ["REAPER", t("A project with the passages as items"), () => void takeOut(selectedRows(), "reaper")],
  ];
  return (
    <div class="many-export" role="group" aria-label={t("Save as")}>
      {ways.map(([name, title, run]) => (
        <button key={name} type="button" class="plain" title={title} onClick={run}>
          <Icon name="download" /> {name}
        </button>
      ))}
      <Handles />
    </div>
  );
}

/** How much more of a sound is taken than the passage. */
export function Handles() {
  return (
    <label class="handles">
      {t("Handles")}{" "}
      <input
        type="number"
        min={0}
        max={LONGEST_HANDLES_S}
        step={0.1}
        value={handles_s.value}
        onChange={({ currentTarget }) => {
          const typed = Number(currentTarget.value);
          if (currentTarget.validity.valid) handles_s.value = typed;
          else currentTarget.value = String(handles_s.peek());
        }}
      />{" "}
      {t("s")}
    </label>
  );
}
