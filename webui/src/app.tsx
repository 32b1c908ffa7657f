/** The frame around every view. */
import { signal } from "@preact/signals";
import { BASE, reachability } from "./api/client";
import { filtersShown } from "./filters/state";
import { GoneScreen } from "./gone";
import { message, t, type Message } from "./messages/t";
import { current } from "./player/player";
import { DropTarget } from "./question/drop";
import { NOTHING } from "./question/model";
import { NEWEST_FIRST } from "./question/order";
import { address, go, view, VIEWS, type View } from "./route";
import { SearchView } from "./results/view";
import { searchesShown, unseen } from "./searches/state";
import { IconButton, type IconName } from "./ui/icons";
import { later } from "./ui/later";
import { KeysDialog } from "./ui/keys";
import { keysShown } from "./ui/keysshown";
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
const PlayerBar = later(() => import("./player/bar").then((module) => module.PlayerBar));
const KeyScreen = later(() => import("./screens").then((module) => module.KeyScreen), loading);
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
          <span class="icon icon-mark mark" /> Soundalike
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
      {current.value && <PlayerBar />}
      <Toasts />
      <DropTarget />
      {keysShown.value && <KeysDialog />}
      {settingsShown.value && <SettingsDialog />}
    </>
  );
}

/** Show the saved searches, which are in the filters' side bar. */
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
