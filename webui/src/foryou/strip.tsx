/** "For you": what the likes and dislikes recommend, with a dial from alike to varied. */
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { recommend } from "../api/service";
import { libraryVersion } from "../library/facts";
import { leaving } from "../library/leaving";
import { t } from "../messages/t";
import { paused, playing } from "../player/player";
import { rowOfHit, type Row } from "../results/rows";
import { inspected, moreLike, playFrom, toggleRow } from "../results/selection";
import { Waveform } from "../results/waveform";
import { IconButton } from "../ui/icons";
import { rememberedNumber } from "../ui/remembered";
import { likedCount, opinionOf, opinionsVersion, profile, setOpinion } from "./feedback";

const SHOWN = 8;
const DIAL_PAUSE_MS = 150;

const diversity = rememberedNumber("soundalike.diversity", 0.5, 0, 1);
/** Null before the first answer: the strip takes up its space already, so that the list below does not move later. */
const recommended = signal<readonly Row[] | null>(null);

async function learn(varied: number, aborted: AbortSignal): Promise<void> {
  try {
    const found = await recommend({ profile, k: SHOWN, diversity: varied }, aborted);
    if (!aborted.aborted) recommended.value = found.hits.map((hit, place) => rowOfHit(hit, place + 1));
  } catch {
    // recommendations are optional: without an answer the strip is not shown
    if (!aborted.aborted) recommended.value ??= [];
  }
}

export function ForYou() {
  useEffect(
    () =>
      effect(() => {
        const varied = diversity.value;
        void opinionsVersion.value;
        void libraryVersion.value;
        const asking = new AbortController();
        const timer = setTimeout(() => void learn(varied, asking.signal), DIAL_PAUSE_MS);
        return () => {
          clearTimeout(timer);
          asking.abort();
        };
      }),
    [],
  );
  const rows = recommended.value?.filter((row) => !leaving.value.has(row.clip_id));
  if (rows?.length === 0) return null;
  const likes = likedCount();
  return (
    <section class="foryou" aria-label={t("For you")}>
      <header class="foryou-head">
        <h2>{t(likes > 0 ? "For you" : "To get started")}</h2>
        <p class="hint">
          {t(
            likes > 0
              ? "Based on what you liked, without the sounds you rated."
              : "A varied sample. Like some sounds to make it yours.",
          )}
        </p>
        <label class="dial">
          {t("alike")}
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={diversity.value}
            aria-label={t("How varied")}
            onInput={(event) => (diversity.value = Number(event.currentTarget.value))}
          />
          {t("varied")}
        </label>
      </header>
      <ul class="cards" tabIndex={0} aria-label={t("Recommended sounds")} aria-busy={!rows}>
        {rows?.map((row) => (
          <Card key={row.clip_id} row={row} />
        ))}
      </ul>
    </section>
  );
}

function Card({ row }: { row: Row }) {
  const here = playing.value === row.clip_id && !paused.value;
  return (
    <li class="card">
      <div class="card-wave">
        <Waveform clipId={row.clip_id} match={null} onPlayFrom={(from_s) => playFrom(row, from_s)} />
      </div>
      <button type="button" class="card-title" title={row.path} onClick={() => (inspected.value = row)}>
        <bdi>{row.title}</bdi>
      </button>
      <div class="card-tools">
        <IconButton
          icon={here ? "pause" : "play"}
          label={t(here ? "Pause {title}" : "Play {title}", { title: row.title })}
          onClick={() => toggleRow(row)}
        />
        <IconButton
          icon="more"
          label={t("More like {title}", { title: row.title })}
          onClick={() => moreLike(row)}
        />
        <IconButton
          icon="like"
          label={t("Like {title}", { title: row.title })}
          pressed={opinionOf(row.clip_id) === "like"}
          onClick={() => void setOpinion(row.clip_id, "like")}
        />
        <IconButton
          icon="dislike"
          label={t("Not for me: {title}", { title: row.title })}
          onClick={() => void setOpinion(row.clip_id, "dislike")}
        />
      </div>
    </li>
  );
}
