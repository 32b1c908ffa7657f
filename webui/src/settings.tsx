/** What this browser remembers of how somebody likes the page, in one place. */
import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { auditioning, looping, matchesLevels, output } from "./player/settings";
import { compact } from "./results/density";
import { Dialog } from "./ui/dialog";
import { letters } from "./ui/keys";
import { setTheme, type Theme, theme, THEMES } from "./ui/theme";
import { settingsShown } from "./ui/settingsshown";

const THEME_NAMES: Record<Theme, string> = { auto: "as the system", dark: "dark", light: "light" };
const SWITCHES: readonly (readonly [Signal<boolean>, string])[] = [
  [compact, "Low rows, the name of the file first"],
  [auditioning, "Audition: what is chosen plays at once"],
  [looping, "Again and again"],
  [matchesLevels, "Equally loud, as far as it was measured"],
  [letters, "Single letters are shortcuts"],
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
    <Dialog title="Settings" onClose={() => (settingsShown.value = false)}>
      <div class="settings">
        <label>
          Colours
          <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            {THEMES.map((one) => (
              <option key={one} value={one}>
                {THEME_NAMES[one]}
              </option>
            ))}
          </select>
        </label>
        {outputs.value.length > 1 && (
          <label>
            Sounds are played by
            <select value={output.value} onChange={(event) => (output.value = event.currentTarget.value)}>
              <option value="">the system's output</option>
              {outputs.value.map(({ deviceId, label }, place) => (
                <option key={deviceId} value={deviceId}>
                  {label || `output ${place + 1}`}
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
            {name}
          </label>
        ))}
        <p class="hint">They are kept in this browser.</p>
      </div>
    </Dialog>
  );
}
