/** The dialog of the page's settings, which this browser remembers. */
import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Choice, choice, LANGUAGES } from "./messages/language";
import { message, t, type Plain } from "./messages/t";
import { auditioning, looping, matchesLevels, output } from "./player/settings";
import { compact } from "./results/density";
import { Dialog } from "./ui/dialog";
import { Icon } from "./ui/icons";
import { keysShown, letters } from "./ui/keysshown";
import { type Theme, theme, THEME_NAMES, THEMES } from "./ui/theme";
import { settingsShown } from "./ui/settingsshown";

const SWITCHES: readonly (readonly [Signal<boolean>, Plain])[] = [
  [compact, message("Low rows, file name first")],
  [auditioning, message("Audition: what you choose plays at once")],
  [looping, message("Again and again")],
  [matchesLevels, message("Equally loud (measured sounds only)")],
  [letters, message("Single letters are shortcuts")],
];

/** Where sounds can be played; empty where the browser does not tell. */
const outputs = signal<readonly MediaDeviceInfo[]>([]);

async function learnOutputs(): Promise<void> {
  const devices = navigator.mediaDevices as MediaDevices | undefined; // there is none without a secure address
  const canChoose = "setSinkId" in HTMLMediaElement.prototype;
  if (!devices || !canChoose) return;
  const all = await devices.enumerateDevices().catch(() => []);
  outputs.value = all.filter(({ kind, deviceId }) => kind === "audiooutput" && deviceId !== "");
}

export function SettingsDialog() {
  useEffect(() => void learnOutputs(), []);
  return (
    <Dialog title={t("Settings")} onClose={() => (settingsShown.value = false)}>
      <div class="settings">
        <LanguageSetting />
        <label>
          {t("Colours")}
          <select
            value={theme.value}
            onChange={(event) => (theme.value = event.currentTarget.value as Theme)}
          >
            {THEMES.map((one) => (
              <option key={one} value={one}>
                {t(THEME_NAMES[one])}
              </option>
            ))}
          </select>
        </label>
        {outputs.value.length > 1 && (
          <label>
            {t("Audio output")}
            <select value={output.value} onChange={(event) => (output.value = event.currentTarget.value)}>
              <option value="">{t("system default")}</option>
              {outputs.value.map(({ deviceId, label }, place) => (
                <option key={deviceId} value={deviceId}>
                  {label || t("output {place}", { place: place + 1 })}
                </option>
              ))}
            </select>
          </label>
        )}
        {SWITCHES.map(([on, name]) => (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={on.value}
              onChange={(event) => (on.value = event.currentTarget.checked)}
            />
            {t(name)}
          </label>
        ))}
        <p>
          <button type="button" class="secondary" onClick={showKeys}>
            <Icon name="keys" /> {t("The keys")}
          </button>
        </p>
        <p class="hint">{t("Settings are saved in this browser.")}</p>
      </div>
    </Dialog>
  );
}

function showKeys(): void {
  settingsShown.value = false;
  keysShown.value = true;
}

/** Which language the page speaks; each calls itself by its own name. */
function LanguageSetting() {
  return (
    <label>
      {t("Language")}
      <select value={choice.value} onChange={(event) => (choice.value = event.currentTarget.value as Choice)}>
        <option value="auto">{t("browser language")}</option>
        {Object.entries(LANGUAGES).map(([one, { name, tag }]) => (
          <option key={one} value={one} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
