/** One row of the list. */
import { useComputed } from "@preact/signals";
import { opinionOf, setOpinion } from "../foryou/feedback";
import { fixed } from "../messages/numbers";
import { t } from "../messages/t";
import { paused, playing } from "../player/player";
import { newClips } from "../searches/state";
import { duration, folder, moment, percent } from "../ui/format";
import { Icon, IconButton } from "../ui/icons";
import { columnFacts } from "./columnfacts";
import { areTitled, type Column, columnsShown } from "./columns";
import { confidence, isKnown, SAME } from "./confidence";
import { peaks } from "./peaks";
import { compact } from "./density";
import { dragRow } from "./dragging";
import { selected, selecting } from "./many";
import { fileName, isTitledAsFile, likeIt, type Row, shownTags, trackPath } from "./rows";
import {
  addTo,
  audition,
  choose,
  chosen,
  extendTo,
  inspected,
  moreLike,
  playFrom,
  toggleRow,
} from "./selection";
import { Waveform } from "./waveform";

interface RowProps {
  row: Row;
  place: number;
  /** Whether this is the first row that is less than likely. */
  isCut?: boolean;
}

export function HitRow({ row, place, isCut = false }: RowProps) {
  const isChosen = useComputed(() => chosen.value === place);
  const isPlaying = useComputed(() => playing.value === row.clip_id && !paused.value);
  const isSelected = useComputed(() => selected.value.has(row.clip_id));
  const isNew = useComputed(() => newClips.value.has(row.clip_id));
  const open = () => {
    audition(place);
    inspected.value = row;
  };
  return (
    <div
      class={`row ${isChosen.value ? "row-chosen" : ""} ${isSelected.value ? "row-selected" : ""} ${row.match ? "" : "row-plain"} ${isCut ? "row-cut" : ""}`}
      role="row"
      aria-rowindex={place + 1 + Number(areTitled())}
      data-place={place}
      aria-selected={isSelected.value || (isChosen.value && selected.value.size === 0)}
      data-clip={row.clip_id}
      onMouseDown={(event) => event.shiftKey && event.preventDefault()} // no text is meant
      onClickCapture={(event) => {
        const { shiftKey, ctrlKey, metaKey, target } = event;
        const isPicked =
          selecting.peek() && !(target as Element).closest(".row-play, .row-wave, .row-actions");
        if (!isPicked && !shiftKey && !ctrlKey && !metaKey) return;
        event.stopPropagation();
        event.preventDefault();
        if (shiftKey) extendTo(place);
        else addTo(place);
      }}
      onClick={(event) => {
        const meansRow = !(event.target as Element).closest("button, a, .waveform");
        if (meansRow) open();
        else choose(place);
      }}
    >
      {isCut && (
        <span class="cut" aria-hidden="true">
          {t("less likely from here")}
        </span>
      )}
      <div class="row-play" role="gridcell">
        <IconButton
          icon={isPlaying.value ? "pause" : "play"}
          label={t(isPlaying.value ? "Pause {title}" : "Play {title}", { title: row.title })}
          class="round"
          onClick={() => toggleRow(row)}
        />
      </div>
      <div class="row-name" role="gridcell" draggable onDragStart={(event) => dragRow(event, row)}>
        <button type="button" class="row-title" onClick={open} title={trackPath(row)}>
          <bdi>{compact.value ? fileName(row) : row.title}</bdi>
          {row.track > 0 && <span class="quiet"> @{row.track}</span>}
        </button>
        {isNew.value && <span class="new-count">{t("new")}</span>}
        <span class="row-folder">
          {compact.value && !isTitledAsFile(row) && (
            <>
              <bdi>{row.title}</bdi>
              {" · "}
            </>
          )}
          <bdi>{row.missing ? t("file not found") : folder(row.path)}</bdi>
          {row.remark && (
            <span class="row-remark" title={row.remark}>
              {" "}
              <Icon name="edit" />
              <span class="unseen">{t("Remark: {remark}", { remark: row.remark })}</span>
            </span>
          )}
        </span>
      </div>
      <div class="row-wave" role="gridcell" aria-label={row.match ? passageLabel(row.match) : undefined}>
        <Waveform clipId={row.clip_id} match={row.match} onPlayFrom={(from_s) => playFrom(row, from_s)} />
      </div>
      <div class="row-tags" role="gridcell">
        {shownTags(row, 2).map((tag) => (
          <bdi key={tag} class="tag">
            {tag}
          </bdi>
        ))}
      </div>
      <div class="row-facts" role="presentation">
        {columnsShown().map((column) => (
          <FactCell key={column.name} column={column} row={row} />
        ))}
      </div>
      <div class="row-score" role="gridcell">
        <Score row={row} />
      </div>
      <div class="row-actions" role="gridcell">
        <IconButton icon="more" label={likeIt(row)} shortcut="M" onClick={() => moreLike(row)} />
        <LikeButton row={row} />
      </div>
    </div>
  );
}

/** A row that is being scrolled past: its text only, without buttons. */
export function PassingRow({ row, place }: Pick<RowProps, "row" | "place">) {
  const isChosen = chosen.peek() === place;
  const isSelected = selected.peek().has(row.clip_id);
  return (
    <div
      class={`row ${isChosen ? "row-chosen" : ""} ${isSelected ? "row-selected" : ""} ${row.match ? "" : "row-plain"}`}
      aria-selected={isSelected || (isChosen && selected.peek().size === 0)}
      role="row"
      aria-rowindex={place + 1 + Number(areTitled())}
      data-place={place}
      data-clip={row.clip_id}
    >
      <div class="row-play" role="gridcell" />
      <div class="row-name" role="gridcell">
        <span class="row-title">
          <bdi>{compact.value ? fileName(row) : row.title}</bdi>
          {row.track > 0 && <span class="quiet"> @{row.track}</span>}
        </span>
      </div>
      <div class="row-wave" role="gridcell" />
      <div class="row-tags" role="gridcell" />
      <div class="row-facts" role="presentation" />
      <div class="row-score" role="gridcell">
        <Score row={row} />
      </div>
    </div>
  );
}

const passageLabel = (match: { start_s: number; end_s: number }): string =>
  t("matches from {start} to {end}", { start: moment(match.start_s), end: moment(match.end_s) });

function FactCell({ column, row }: { column: Column; row: Row }) {
  const { name, title, width_rem, text } = column;
  return (
    <span
      class={`row-fact row-${name}`}
      role="gridcell"
      style={{ width: `${width_rem}rem` }}
      title={areTitled() ? t(title) : undefined}
    >
      {name === "length" ? <Length row={row} /> : text(columnFacts(row.clip_id).value, row)}
    </span>
  );
}

function Length({ row }: { row: Row }) {
  if (row.duration_s !== null) return <>{duration(row.duration_s)}</>;
  const known = peaks(row.clip_id).value; // they are asked for anyway
  return <>{known === "waiting" ? "" : duration(known.end_s)}</>;
}

/** The calibrated word and number; a hit in a space without calibration has its similarity alone. What a name says
    is not called unlikely because it does not sound like it. What is the same says so, and a number only where that
    is likely, not known. */
export function Score({ row }: { row: Row }) {
  if (row.score === null) return null;
  if (row.same && isKnown(row)) return <span class="score score-4 score-same">{t(SAME[row.same])}</span>;
  const named = row.via.filter((via) => via.part.startsWith("words")).length;
  const sure = row.probability === null ? null : confidence(row.probability);
  if (named === row.via.length || (named && sure?.level === 1))
    return <span class="score">{t("By its name")}</span>;
  if (row.probability === null || !sure) return <span class="score">{fixed(row.score, 2)}</span>;
  return (
    <span class={`score score-${sure.level}`} title={t("similarity {score}", { score: fixed(row.score, 3) })}>
      <span
        class="score-bar"
        aria-hidden="true"
        style={{ "--sure": `${Math.round(row.probability * 100)}%` }}
      />
      <span class="score-word">{t(row.same ? SAME[row.same] : sure.word)}</span>{" "}
      <span class="score-number">{percent(row.probability)}</span>
    </span>
  );
}

function LikeButton({ row }: { row: Row }) {
  const liked = opinionOf(row.clip_id) === "like";
  return (
    <IconButton
      icon={liked ? "liked" : "like"}
      label={t("Like {title}", { title: row.title })}
      shortcut="L"
      pressed={liked}
      onClick={() => void setOpinion(row.clip_id, liked ? null : "like")}
    />
  );
}
