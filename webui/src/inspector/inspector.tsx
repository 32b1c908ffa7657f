/** Everything about one sound: its waveform to choose a passage in, its spectrogram, tags, copies, and what to do. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Clip, clip, fileUrl, spectrogramUrl } from "../api/service";
import { opinionOf, setOpinion } from "../foryou/feedback";
import { paused, play, playing } from "../player/player";
import type { Passage } from "../question/model";
import { addPart, askOnly, question } from "../route";
import { Score } from "../results/row";
import { likeIt, type Row, trackPath } from "../results/rows";
import { alsoLike, inspected, marked, moreLike, notLike, playFrom, toggleRow } from "../results/selection";
import { bytes, duration, folder, moment, percent, sentence } from "../ui/format";
import { Icon, IconButton } from "../ui/icons";
import { later } from "../ui/later";
import { Copies } from "./copies";
import { EditClip } from "./edit";
import { spectrogramShown } from "./state";

const Cutter = later(() => import("./cutter").then((module) => module.Cutter));
const SPECTROGRAM = { width: 800, height: 200 };

export function Inspector({ row }: { row: Row }) {
  const known = useSignal<Clip | null>(null);
  const editing = useSignal(false);
  const passage = useSignal<Passage | null>(row.match);
  /** What the waveform is drawn of: another answer may have the same sound by another passage. */
  const drawn = `${row.clip_id} ${row.match?.segment_id}`;

  useEffect(() => {
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

  useEffect(() => {
    passage.value = row.match;
  }, [drawn]);

  const here = playing.value === row.clip_id && !paused.value;
  const title = known.value?.title ?? row.title;
  return (
    <aside class="inspector" aria-label="The chosen sound" data-clip={row.clip_id}>
      <header class="inspector-head">
        <h2>
          <bdi>{title}</bdi>
        </h2>
        <IconButton icon="close" label="Close" shortcut="Esc" onClick={() => (inspected.value = null)} />
      </header>
      <p class="inspector-path">
        <bdi>{folder(row.path) || "top folder"}</bdi>
        {known.value && (
          <>
            {" · "}
            {duration(known.value.duration_s)} · {bytes(known.value.size_bytes)}
            {known.value.tracks > 1 && ` · sound track @${known.value.track} of ${known.value.tracks}`}
          </>
        )}
      </p>
      <Warnings clip={known.value} />
      <Cutter
        key={drawn}
        clipId={row.clip_id}
        match={row.match}
        passage={passage.value}
        onPassage={(chosen) => {
          passage.value = chosen;
          marked.value = chosen;
        }}
        onHear={(from_s) => playFrom(row, from_s)}
      />
      <div class="inspector-play">
        <IconButton
          icon={here ? "pause" : "play"}
          label={here ? "Pause" : "Play"}
          shortcut="Space"
          class="round"
          onClick={() => toggleRow(row)}
        />
        {passage.value && <PassageTools row={row} passage={passage.value} />}
      </div>
      {spectrogramShown.value && (
        <img
          class="spectrogram"
          src={spectrogramUrl(row.clip_id, SPECTROGRAM.width, SPECTROGRAM.height)}
          width={SPECTROGRAM.width}
          height={SPECTROGRAM.height}
          alt={`Spectrogram of ${title}`}
        />
      )}
      <Actions row={row} onEdit={() => (editing.value = !editing.value)} />
      {editing.value && known.value && (
        <EditClip
          clip={known.value}
          onDone={(changed) => {
            if (changed) known.value = changed;
            editing.value = false;
          }}
        />
      )}
      <WhyFound row={row} />
      <OwnTags clip={known.value} />
      <Tags clip={known.value} />
      <Copies key={row.clip_id} clipId={row.clip_id} />
      <Metadata clip={known.value} />
    </aside>
  );
}

/** What is amiss with a sound: why it is not found, or not as it should be. */
function Warnings({ clip: known }: { clip: Clip | null }) {
  if (!known) return null;
  const all = [
    ...(known.missing ? ["The file was not where it was when it was last looked for."] : []),
    ...(known.silent ? ["It is silent: its name alone finds it."] : []),
    ...known.warnings.map(sentence),
  ];
  if (all.length === 0) return null;
  return (
    <ul class="warnings" aria-label="What is amiss with it">
      {all.map((one) => (
        <li key={one}>
          <bdi>{one}</bdi>
        </li>
      ))}
    </ul>
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
        <Icon name="plus" /> Add passage
      </button>
    </div>
  );
}

function Actions({ row, onEdit }: { row: Row; onEdit: () => void }) {
  const opinion = opinionOf(row.clip_id);
  return (
    <div class="actions" role="group" aria-label="With this sound">
      <button type="button" class="primary" onClick={() => moreLike(row)}>
        <Icon name="more" /> {likeIt(row)}
        {marked.value && `: ${moment(marked.value.start_s)}–${moment(marked.value.end_s)}`}
      </button>
      <button type="button" class="secondary" onClick={() => alsoLike(row)} title="Add to the question (+)">
        <Icon name="plus" /> Also this
      </button>
      <button type="button" class="secondary" onClick={() => notLike(row)} title="Not like this (N)">
        <Icon name="minus" /> Not this
      </button>
      <span class="actions-small">
        <IconButton
          icon="like"
          label="Like"
          shortcut="L"
          pressed={opinion === "like"}
          filled={opinion === "like"}
          onClick={() => void setOpinion(row.clip_id, opinion === "like" ? null : "like")}
        />
        <IconButton
          icon="dislike"
          label="Dislike"
          shortcut="D"
          pressed={opinion === "dislike"}
          onClick={() => void setOpinion(row.clip_id, opinion === "dislike" ? null : "dislike")}
        />
        <IconButton
          icon="spectrum"
          label="Spectrogram"
          shortcut="S"
          pressed={spectrogramShown.value}
          onClick={() => (spectrogramShown.value = !spectrogramShown.value)}
        />
        <a
          class="icon-button"
          href={fileUrl(row.clip_id)}
          download={row.path.split("/").pop()}
          aria-label="Download"
          title="Download"
        >
          <Icon name="download" />
        </a>
        <IconButton icon="edit" label="Edit title and tags" onClick={onEdit} />
      </span>
    </div>
  );
}

function WhyFound({ row }: { row: Row }) {
  if (row.score === null) return null;
  return (
    <section class="fact">
      <h3>Why it was found</h3>
      <p class="score-line">
        <Score row={row} />{" "}
        {row.probability !== null && <span class="quiet">similarity {row.score.toFixed(3)}</span>}
      </p>
      {row.match && (
        <p class="quiet">
          Best from {moment(row.match.start_s)} to {moment(row.match.end_s)}
        </p>
      )}
      <ul class="via">
        {row.via.map((via) => (
          <li key={via.part}>
            <span>{partName(via.part)}</span>
            <span class="meter" aria-hidden="true">
              <span style={{ width: percent(via.share).replace(" ", "") }} />
            </span>
            <span class="quiet">{percent(via.share)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const WORDS: Record<string, string> = {
  words: "words in its name",
  "some-words": "some words in its name",
  text: "words, by meaning",
  audio: "sounds like it",
  clip: "sounds like it",
  segment: "sounds like the passage",
  hum: "the tune",
  notes: "the tune",
  tune: "the tune",
};

/** "words 2" as people read it: what it is, and which chip. */
function partName(part: string): string {
  const [kind = "", place = ""] = part.split(" ");
  const chips = question.value.parts.length + (question.value.draft ? 1 : 0);
  return (WORDS[kind] ?? kind) + (chips > 1 ? ` (part ${place})` : "");
}

/** The tags that a person gave; each finds what else has it. */
function OwnTags({ clip: known }: { clip: Clip | null }) {
  if (!known || known.own_tags.length === 0) return null;
  return (
    <section class="fact">
      <h3>Tags</h3>
      <p class="own-tags">
        {known.own_tags.map((tag) => (
          <button
            key={tag}
            type="button"
            class="tag"
            title={`Find what is called ${tag}`}
            onClick={() => askOnly({ thing: { kind: "text", text: tag }, weight: 1 })}
          >
            <bdi>{tag}</bdi>
          </button>
        ))}
      </p>
    </section>
  );
}

function Tags({ clip: known }: { clip: Clip | null }) {
  if (!known || known.tags.length === 0) return null;
  return (
    <section class="fact">
      <h3>Heard in it</h3>
      <ul class="via">
        {known.tags.slice(0, 6).map((tag) => (
          <li key={tag.name}>
            <span>{tag.name}</span>
            <span class="meter" aria-hidden="true">
              <span style={{ width: percent(tag.probability).replace(" ", "") }} />
            </span>
            <span class="quiet">{percent(tag.probability)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Metadata({ clip: known }: { clip: Clip | null }) {
  const entries = Object.entries(known?.metadata ?? {});
  return (
    <section class="fact">
      <h3>File</h3>
      <dl class="metadata">
        {known && (
          <div>
            <dt>path</dt>
            <dd>
              <bdi>{trackPath(known)}</bdi>
            </dd>
          </div>
        )}
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
