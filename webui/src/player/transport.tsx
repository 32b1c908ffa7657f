/** How loud and how fast sounds are played. */
import { IconButton } from "../ui/icons";
import { keepsPitch, QUIETEST_DB, rate, RATES, volume_db } from "./settings";

export function Transport() {
  const level = volume_db.value <= QUIETEST_DB ? "off" : `${volume_db.value} dB`.replace("-", "−");
  return (
    <div class="transport" role="group" aria-label="Loudness and speed">
      <label class="transport-volume">
        <span class="unseen">Volume</span>
        <input
          type="range"
          min={QUIETEST_DB}
          max={0}
          step={1}
          value={volume_db.value}
          aria-valuetext={level}
          onInput={(event) => (volume_db.value = Number(event.currentTarget.value))}
        />
        <span class="transport-level">{level}</span>
      </label>
      <label>
        <span class="unseen">Speed</span>
        <select
          value={String(rate.value)}
          onChange={(event) => (rate.value = Number(event.currentTarget.value))}
        >
          {RATES.map((one) => (
            <option key={one} value={String(one)}>
              {one} ×
            </option>
          ))}
        </select>
      </label>
      <IconButton
        icon="hum"
        label="Keep the pitch at another speed"
        pressed={keepsPitch.value}
        onClick={() => (keepsPitch.value = !keepsPitch.value)}
      />
    </div>
  );
}
