/** The player at the foot of the page: position, loop, next, stop. */
import { useSignal } from "@preact/signals";
import { t } from "../messages/t";
import { answered } from "../results/answers";
import { playNext } from "../results/selection";
import { view } from "../route";
import { duration, moment } from "../ui/format";
import { IconButton } from "../ui/icons";
import { later } from "../ui/later";
import { current, length, paused, position, seek, stop, toggle } from "./player";
import { looping } from "./settings";

const Transport = later(() => import("./transport").then((module) => module.Transport));

export function PlayerBar() {
  const open = useSignal(false);
  const now = current.value;
  if (!now) return null;
  return (
    <section class={`player ${open.value ? "player-open" : ""}`} aria-label={t("Player")}>
      <IconButton
        icon={paused.value ? "play" : "pause"}
        label={t(paused.value ? "Play" : "Pause")}
        class="round"
        onClick={() => toggle()}
      />
      <Next />
      <span class="player-title">
        <bdi>{now.title}</bdi>
      </span>
      <Position />
      <IconButton
        icon="loop"
        label={t(now.match ? "Again and again: what matched" : "Again and again")}
        pressed={looping.value}
        onClick={() => (looping.value = !looping.value)}
      />
      <IconButton
        icon="sliders"
        label={t("Loudness and speed")}
        class="player-more"
        pressed={open.value}
        onClick={() => (open.value = !open.value)}
      />
      <Transport />
      <IconButton icon="close" label={t("Close the player")} class="player-close" onClick={stop} />
    </section>
  );
}

/** The button for the next row of the list, in the search view. */
function Next() {
  const rows = answered.value?.rows ?? [];
  const isLast = rows.at(-1)?.clip_id === current.value?.clip_id;
  if (view.value !== "search" || rows.length === 0) return null;
  return <IconButton icon="next" label={t("Next sound")} disabled={isLast} onClick={() => playNext(1)} />;
}

function Position() {
  const steps = 1000;
  const at = length.value > 0 ? position.value / length.value : 0;
  return (
    <>
      <input
        type="range"
        class="player-position"
        aria-label={t("Position")}
        aria-valuetext={t("{position} of {length}", {
          position: moment(position.value),
          length: duration(length.value),
        })}
        min={0}
        max={steps}
        value={Math.round(at * steps)}
        onInput={(event) => seek((Number(event.currentTarget.value) / steps) * length.value)}
      />
      <span class="player-time">
        {moment(position.value)} / {length.value ? moment(length.value) : "–"}
      </span>
    </>
  );
}
