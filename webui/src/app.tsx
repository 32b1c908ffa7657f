/** The frame around every view. */
import { signal } from "@preact/signals";
import { BASE, reachability } from "./api/client";
import { filtersShown } from "./filters/state";
import { message, t, type Message } from "./messages/t";
import { PlayerBar } from "./player/bar";
import { DropTarget } from "./question/drop";
import { NOTHING } from "./question/model";
import { NEWEST_FIRST } from "./question/order";
import { address, go, view, VIEWS, type View } from "./route";
import { SearchView } from "./results/view";
import { GoneScreen, KeyScreen } from "./screens";
import { searchesShown, unseen } from "./searches/state";
import { IconButton, type IconName } from "./ui/icons";
import { later } from "./ui/later";
import { KeysDialog, keysShown } from "./ui/keys";
import { settingsShown } from "./ui/settingsshown";
import { nextTheme, type Theme, theme, THEME_NAMES } from "./ui/theme";
import { Toasts } from "./ui/toasts";

const NAMES = {
  search: message("Search"),
  map: message("Map"),
  library: message("Library"),
} satisfies Record<View, Message>;
const THEME_ICONS: Record<Theme, IconName> = { auto: "auto", dark: "moon", light: "sun" };

const loading = () => <main id="main" class="loading" aria-busy="true" />;
const LibraryView = later(() => import("./library/view").then((module) => module.LibraryView), loading);
const SettingsDialog = later(() => import("./settings").then((module) => module.SettingsDialog));
const MapView = later(() => import("./map/view").then((module) => module.MapView), loading);

export const announced = signal("");

export function App() {
  return (
    <>
      <a class="skip" href="#main">
        {t("Skip to the sounds")}
      </a>
      <header class="top">
        <a class="brand" href={BASE} onClick={follow("search", true)}>
          <Mark /> Soundalike
        </a>
        <nav class="views" aria-label={t("Views")}>
          {(Object.keys(VIEWS) as View[]).map((one) => (
            <a
              key={one}
              href={address(one)}
              aria-current={view.value === one ? "page" : undefined}
              onClick={follow(one)}
            >
              {t(NAMES[one])}
            </a>
          ))}
        </nav>
        <div class="top-tools">
          {unseen.value > 0 && (
            <button
              type="button"
              class="new-matches"
              title={t("New matches of saved searches")}
              onClick={showSearches}
            >
              {t("{n} new|{n} new", { n: unseen.value })}
              <span class="unseen"> {t("New matches of saved searches")}</span>
            </button>
          )}
          <IconButton icon="sliders" label={t("Settings")} onClick={() => (settingsShown.value = true)} />
          <IconButton
            icon="keys"
            label={t("Keyboard")}
            shortcut="?"
            onClick={() => (keysShown.value = true)}
          />
          <IconButton
            icon={THEME_ICONS[theme.value]}
            label={t("Colours: {theme}", { theme: t(THEME_NAMES[theme.value]) })}
            onClick={nextTheme}
          />
        </div>
      </header>
      <Body />
      <PlayerBar />
      <Toasts />
      <DropTarget />
      {keysShown.value && <KeysDialog />}
      {settingsShown.value && <SettingsDialog />}
    </>
  );
}

/** Show the saved searches, which stand among the filters. */
function showSearches(): void {
  searchesShown.value = true;
  filtersShown.value = true;
  go({ view: "search" });
}

function Body() {
  if (reachability.value === "locked") return <KeyScreen />;
  return (
    <>
      {reachability.value === "gone" && <GoneScreen />}
      {view.value === "library" ? <LibraryView /> : view.value === "map" ? <MapView /> : <SearchView />}
    </>
  );
}

function follow(to: View, fresh = false) {
  return (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(fresh ? { view: to, question: NOTHING, order: NEWEST_FIRST, by: "" } : { view: to });
  };
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path
        d="M5 13v6M10.5 8v16M16 11.500v9M21.5 5v22M27 12.500v7"
        fill="none"
        stroke="currentColor"
        stroke-width="2.8"
        stroke-linecap="round"
      />
    </svg>
  );
}
