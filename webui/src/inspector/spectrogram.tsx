/** The chosen sound's spectrogram, with its axes; a press in it plays from there. */
import { spectrogramUrl } from "../api/service";
import { t } from "../messages/t";
import { playing, position } from "../player/player";
import { rememberedSwitch } from "../ui/remembered";
import { rulerTime, ticks } from "../ui/ruler";

const PICTURE = { width: 800, height: 200 };
/** From where to where the service draws it (search/service/media/pictures.py). */
const TOP_HZ = 11_025;
const LOWEST_MEL_HZ = 30;
const MEL_LABELS_HZ = [500, 1000, 2000, 5000];
const EVEN_LABELS_HZ = [2000, 4000, 6000, 8000, 10_000];

const isEven = rememberedSwitch("soundalike.spectrogram.linear");

/** Slaney's scale, as the service has it. */
const mel = (hz: number): number =>
  hz < 1000 ? (hz * 3) / 200 : 15 + Math.log(hz / 1000) / (Math.log(6.4) / 27);

/** How high up a frequency is drawn, 0 to 1. */
export function heightOf(hz: number, even: boolean): number {
  if (even) return hz / TOP_HZ;
  return (mel(hz) - mel(LOWEST_MEL_HZ)) / (mel(TOP_HZ) - mel(LOWEST_MEL_HZ));
}

interface SpectrogramProps {
  clipId: number;
  title: string;
  duration_s: number;
  onPlayFrom: (from_s: number) => void;
}

export function Spectrogram({ clipId, title, duration_s, onPlayFrom }: SpectrogramProps) {
  const scale = isEven.value ? "linear" : "mel";
  const labels = isEven.value ? EVEN_LABELS_HZ : MEL_LABELS_HZ;
  const here = playing.value === clipId && duration_s > 0;
  return (
    <div class="spectrum">
      <div class="spectrum-picture">
        <img
          class="spectrogram"
          src={spectrogramUrl(clipId, PICTURE.width, PICTURE.height, scale)}
          width={PICTURE.width}
          height={PICTURE.height}
          alt={t("Spectrogram of {title}, 0 to 11 kHz", { title })}
          onPointerDown={({ button, clientX, currentTarget }) => {
            const { left, width } = currentTarget.getBoundingClientRect();
            if (button === 0 && width > 0) onPlayFrom(((clientX - left) / width) * duration_s);
          }}
        />
        {labels.map((hz) => (
          <span
            key={hz}
            class="spectrum-hz"
            aria-hidden="true"
            style={{ bottom: `${heightOf(hz, isEven.value) * 100}%` }}
          >
            {hz < 1000 ? hz : `${hz / 1000}k`}
          </span>
        ))}
        {here && (
          <span class="playhead" style={{ left: `${Math.min(100, (position.value / duration_s) * 100)}%` }} />
        )}
      </div>
      <div class="spectrum-foot">
        <span class="spectrum-times" aria-hidden="true">
          {ticks(duration_s).map((at_s) => (
            <span key={at_s} style={{ left: `${(at_s / duration_s) * 100}%` }}>
              {rulerTime(at_s)}
            </span>
          ))}
        </span>
        <button
          type="button"
          class="plain"
          aria-pressed={isEven.value}
          title={t("Frequency scale: mel or linear")}
          onClick={() => (isEven.value = !isEven.value)}
        >
          {t(isEven.value ? "linear" : "mel")}
        </button>
      </div>
    </div>
  );
}
