/** Volume, rate and A/B comparison. */
import { t } from "../messages/t";
import { isBackwards, reverse } from "./reversing";
import { answered } from "../results/answers";
import { view } from "../route";
import { IconButton } from "../ui/icons";
import { askedWith, compare, hearsQuestion } from "./comparing";
import { keepsPitch, MATCHED_LUFS, matchesLevels, QUIETEST_DB, rate, RATES, volume_db } from "./settings";

export function Transport() {
  const level = volume_db.value <= QUIETEST_DB ? t("off") : `${volume_db.value} dB`.replace("-", "−");
  return (
    <div class="transport" role="group" aria-label={t("Loudness and speed")}>
      <label class="transport-volume">
        <span class="unseen">{t("Volume")}</span>
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
        <span class="unseen">{t("Speed")}</span>
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
        label={t("Keep the pitch when the speed changes")}
        pressed={keepsPitch.value}
        onClick={() => (keepsPitch.value = !keepsPitch.value)}
      />
      <IconButton
        icon="level"
        label={t("Equally loud: {level} LUFS (measured sounds only)", {
          level: String(MATCHED_LUFS).replace("-", "−"),
        })}
        pressed={matchesLevels.value}
        onClick={() => (matchesLevels.value = !matchesLevels.value)}
      />
      <IconButton
        icon="back"
        label={t("Backwards")}
        pressed={isBackwards.value}
        onClick={() => void reverse()}
      />
      <Compare />
    </div>
  );
}

/** The A/B button, when the question has a sound. */
function Compare() {
  const question = answered.value?.question;
  if (view.value !== "search" || !question || !askedWith(question)) return null;
  return (
    <button
      type="button"
      class="plain"
      title={t("Compare the hit with your sound, at the same position (B)")}
      aria-label={t("A/B: compare the hit with your sound, at the same position")}
      aria-pressed={hearsQuestion.value}
      onClick={() => void compare()}
    >
      A/B
    </button>
  );
}
