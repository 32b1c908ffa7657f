/** Everything about one sound: its waveform to choose a passage in, its spectrogram, tags, copies, and what to do. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type Clip, clip, fileUrl } from "../api/service";
import { opinionOf, setOpinion } from "../foryou/feedback";
import { t } from "../messages/t";
import { paused, play, playing } from "../player/player";
import type { Passage } from "../question/model";
import { addPart } from "../route";
import { dragFile } from "../results/dragging";
import { Handles } from "../results/manyexport";
import { fileName, likeIt, type Row } from "../results/rows";
import {
  alsoLike,
  giveFocusBack,
  inspected,
  marked,
  moreLike,
  notLike,
  playFrom,
  toggleRow,
} from "../results/selection";
import { dragPassage, handles_s, passageUrl } from "../results/taking";
import { bytes, duration, folder, moment } from "../ui/format";
import { Icon, IconButton } from "../ui/icons";
import { later } from "../ui/later";
import { Metadata, OwnTags, Remark, Tags, Warnings, WhyFound } from "./about";
import { Copies } from "./copies";
import { EditClip } from "./edit";
import { Happens } from "./happens";
import { followMatches, matches, stepMatch } from "./matches";
import { Spectrogram } from "./spectrogram";
import { spectrogramShown } from "./state";

const Cutter = later(() => import("./cutter").then((module) => module.Cutter));

export function Inspector({ row }: { row: Row }) {
  const element = useRef<HTMLElement>(null);
  const known = useSignal<Clip | null>(null);
  const editing = useSignal(false);
  const passage = useSignal<Passage | null>(row.match);
  /** The key of the waveform: another answer may have the same sound with another passage. */
  const drawn = `${row.clip_id} ${row.match?.segment_id}`;

  // before painting, so that an early click acts on the sound that is visible
  useLayoutEffect(() => {
    let current = true;
    known.value = null;
    editing.value = false;
    clip(row.clip_id).then(
      (found) => current && (known.value = found),
      () => undefined, // removed meanwhile: the row says what was known
    );
    return () => {
      current = false;
    };
  }, [row.clip_id]);

  useLayoutEffect(() => {
    passage.value = row.match;
  }, [drawn]);

  useLayoutEffect(() => {
    const inspector = element.current;
    return () => inspector && giveFocusBack(inspector);
  }, []);

  const duration_s = known.value?.duration_s ?? 0;
  useEffect(() => followMatches(row, duration_s), [drawn, duration_s]);
  useSignalEffect(() => {
    if (marked.value) passage.value = marked.value;
  });

  const here = playing.value === row.clip_id && !paused.value;
  const title = known.value?.title ?? row.title;
  return (
    <aside ref={element} class="inspector" aria-label={t("The chosen sound")} data-clip={row.clip_id}>
      <header class="inspector-head">
        <h2>
          <bdi>{title}</bdi>
        </h2>
        <IconButton icon="close" label={t("Close")} shortcut="Esc" onClick={() => (inspected.value = null)} />
      </header>
      <p class="inspector-path">
        <bdi>{folder(row.path) || t("top folder")}</bdi>
        {known.value && (
          <>
            {" · "}
            {duration(known.value.duration_s)} · {bytes(known.value.size_bytes)}
            {known.value.tracks > 1 && (
              <>
                {" · "}
                {t("sound track @{track} of {tracks}", {
                  track: known.value.track,
                  tracks: known.value.tracks,
                })}
              </>
            )}
          </>
        )}
      </p>
      <Warnings clip={known.value} />
      <Cutter
        key={drawn}
        clipId={row.clip_id}
        match={row.match}
        matches={matches.value}
        passage={passage.value}
        onPassage={(chosen) => {
          passage.value = chosen;
          marked.value = chosen;
        }}
        onPlayFrom={(from_s) => playFrom(row, from_s)}
      />
      <div class="inspector-play">
        <IconButton
          icon={here ? "pause" : "play"}
          label={t(here ? "Pause" : "Play")}
          shortcut="Space"
          class="round"
          onClick={() => toggleRow(row)}
        />
        {passage.value && <PassageTools row={row} passage={passage.value} />}
      </div>
      <MatchTools />
      {spectrogramShown.value && (
        <Spectrogram
          clipId={row.clip_id}
          title={title}
          duration_s={duration_s}
          onPlayFrom={(from_s) => playFrom(row, from_s)}
        />
      )}
      <Actions row={row} onEdit={() => (editing.value = !editing.value)} />
      {editing.value && known.value && (
        <EditClip
          clip={known.value}
          onDone={(changed) => {
            if (inspected.peek()?.clip_id !== row.clip_id) return; // another one was opened meanwhile
            if (changed) known.value = changed;
            editing.value = false;
          }}
        />
      )}
      <WhyFound row={row} />
      {known.value && !row.notes && (
        <Happens
          key={row.clip_id}
          clipId={row.clip_id}
          duration_s={duration_s}
          onPlayFrom={(from_s) => playFrom(row, from_s)}
        />
      )}
      <OwnTags clip={known.value} />
      <Remark clip={known.value} />
      <Tags clip={known.value} />
      <Copies key={row.clip_id} clipId={row.clip_id} />
      <Metadata clip={known.value} />
    </aside>
  );
}

/** How many passages of a long recording match, and the way from one to the next. */
function MatchTools() {
  const found = matches.value;
  if (!found || found.length === 0) return null;
  return (
    <div class="match-tools" role="group" aria-label={t("What matches")}>
      <span role="status">{t("{n} passage matches|{n} passages match", { n: found.length })}</span>
      <IconButton
        icon="previous"
        label={t("The match before")}
        shortcut="["
        onClick={() => void stepMatch(-1)}
      />
      <IconButton icon="next" label={t("The next match")} shortcut="]" onClick={() => void stepMatch(1)} />
    </div>
  );
}

function PassageTools({ row, passage }: { row: Row; passage: Passage }) {
  const part = { thing: { kind: "clip" as const, id: row.clip_id, passage }, weight: 1 };
  return (
    <div class="passage-tools">
      <button type="button" class="plain" onClick={() => play(row, passage.start_s, passage.end_s)}>
        <Icon name="play" /> {moment(passage.start_s)}–{moment(passage.end_s)}
      </button>
      <button type="button" class="secondary" onClick={() => addPart(part)}>
        <Icon name="plus" /> {t("Add passage")}
      </button>
      <a
        class="secondary"
        href={passageUrl(row.clip_id, passage, handles_s.value)}
        download
        onDragStart={(event) => dragPassage(event, row, passage)}
        title={t("As a sample-accurate WAV; you can also drag it out")}
      >
        <Icon name="download" /> {t("Download passage")}
      </a>
      <Handles />
    </div>
  );
}

function Actions({ row, onEdit }: { row: Row; onEdit: () => void }) {
  const opinion = opinionOf(row.clip_id);
  return (
    <div class="actions" role="group" aria-label={t("Actions for this sound")}>
      <button type="button" class="primary" onClick={() => moreLike(row)}>
        <Icon name="more" />{" "}
        {marked.value
          ? t("{what}: {why}", {
              what: likeIt(row),
              why: `${moment(marked.value.start_s)}–${moment(marked.value.end_s)}`,
            })
          : likeIt(row)}
      </button>
      <button
        type="button"
        class="secondary"
        onClick={() => alsoLike(row)}
        title={t("Add to the search (+)")}
      >
        <Icon name="plus" /> {t("Also this")}
      </button>
      <button type="button" class="secondary" onClick={() => notLike(row)} title={t("Not like this (N)")}>
        <Icon name="minus" /> {t("Not this")}
      </button>
      <span class="actions-small">
        <IconButton
          icon={opinion === "like" ? "liked" : "like"}
          label={t("Like")}
          shortcut="L"
          pressed={opinion === "like"}
          onClick={() => void setOpinion(row.clip_id, opinion === "like" ? null : "like")}
        />
        <IconButton
          icon="dislike"
          label={t("Dislike")}
          shortcut="D"
          pressed={opinion === "dislike"}
          onClick={() => void setOpinion(row.clip_id, opinion === "dislike" ? null : "dislike")}
        />
        <IconButton
          icon="spectrum"
          label={t("Spectrogram")}
          shortcut="S"
          pressed={spectrogramShown.value}
          onClick={() => (spectrogramShown.value = !spectrogramShown.value)}
        />
        <a
          class="icon-button icon-download"
          href={fileUrl(row.clip_id)}
          download={fileName(row)}
          onDragStart={(event) => dragFile(event, row)}
          aria-label={t("Download")}
          title={t("Download")}
        />
        <IconButton icon="edit" label={t("Edit title and tags")} onClick={onEdit} />
      </span>
    </div>
  );
}
