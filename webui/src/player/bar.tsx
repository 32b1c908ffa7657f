/** What plays, at the foot of the page: where it is, and a way to stop it. */
import { duration, moment } from "../ui/format";
import { IconButton } from "../ui/icons";
import { current, length, paused, position, seek, stop, toggle } from "./player";

export function PlayerBar() {
  const now = current.value;
  if (!now) return null;
  return (
    <section class="player" aria-label="Player">
      <IconButton
        icon={paused.value ? "play" : "pause"}
        label={paused.value ? "Play" : "Pause"}
        class="round"
        onClick={() => toggle()}
      />
      <span class="player-title">
        <bdi>{now.title}</bdi>
      </span>
      <Position />
      <IconButton icon="close" label="Close the player" onClick={stop} />
    </section>
  );
}

function Position() {
  const steps = 1000;
  const at = length.value > 0 ? position.value / length.value : 0;
  return (
    <>
      <input
        type="range"
        class="player-position"
        aria-label="Position"
        aria-valuetext={`${moment(position.value)} of ${duration(length.value)}`}
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
