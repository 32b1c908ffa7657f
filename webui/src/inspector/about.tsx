/** Details of the chosen sound: its defects, why it was found, its tags, its file. */
import type { Clip } from "../api/service";
import { fixed } from "../messages/numbers";
import { said } from "../messages/said";
import { message, type Plain, t } from "../messages/t";
import { askOnly, question } from "../route";
import { Score } from "../results/row";
import { isSample, type Row, trackPath } from "../results/rows";
import { moment, percent, sentence } from "../ui/format";

/** A sound's defects, which keep it from being found, or make it rank wrongly. */
export function Warnings({ clip: known }: { clip: Clip | null }) {
  if (!known) return null;
  const all = [
    ...(known.missing ? [t("The file was missing at the last scan.")] : []),
    ...(known.silent ? [t("It is silent, so it is found only by name.")] : []),
    ...known.warnings.map((warning) => sentence(said(warning))),
  ];
  if (all.length === 0) return null;
  return (
    <ul class="warnings" aria-label={t("Problems")}>
      {all.map((one) => (
        <li key={one}>
          <bdi>{one}</bdi>
        </li>
      ))}
    </ul>
  );
}

export function WhyFound({ row }: { row: Row }) {
  if (isSample(row))
    return (
      <section class="fact">
        <h3>{t("Why it was found")}</h3>
        <p class="quiet">{t("Part of a varied sample: you have not liked any sound to compare with yet.")}</p>
      </section>
    );
  if (row.score === null) return null;
  return (
    <section class="fact">
      <h3>{t("Why it was found")}</h3>
      <p class="score-line">
        <Score row={row} />{" "}
        {row.probability !== null && (
          <span class="quiet">{t("similarity {score}", { score: fixed(row.score, 3) })}</span>
        )}
      </p>
      {row.match && (
        <p class="quiet">
          {t("Best match from {start} to {end}", {
            start: moment(row.match.start_s),
            end: moment(row.match.end_s),
          })}
        </p>
      )}
      <ul class="via">
        {row.via.map((via) => (
          <li key={via.part}>
            <span>{partName(via.part)}</span>
            <span class="meter" aria-hidden="true">
              <span style={{ width: `${Math.round(via.share * 100)}%` }} />
            </span>
            <span class="quiet">{percent(via.share)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const WORDS: Readonly<Record<string, Plain>> = {
  words: message("words in its name"),
  "some-words": message("some words in its name"),
  "other-words": message("other words for it in its name"),
  text: message("words, by meaning"),
  audio: message("sounds like it"),
  clip: message("sounds like it"),
  segment: message("sounds like the passage"),
  hum: message("the tune"),
  notes: message("the tune"),
  tune: message("the tune"),
  like: message("like what you liked"),
};

/** A readable name of a part such as "words 2", with the chip that it belongs to; "like 17" belongs to none. */
function partName(part: string): string {
  const [kind = "", place = ""] = part.split(" ");
  const chips = question.value.parts.length + (question.value.draft ? 1 : 0);
  const what = WORDS[kind];
  const name = what ? t(what) : kind;
  return chips > 1 && kind !== "like" ? t("{name} (part {place})", { name, place }) : name;
}

/** The tags that a person gave; each finds what else has it. */
export function OwnTags({ clip: known }: { clip: Clip | null }) {
  if (!known || known.own_tags.length === 0) return null;
  return (
    <section class="fact">
      <h3>{t("Tags")}</h3>
      <p class="own-tags">
        {known.own_tags.map((tag) => (
          <button
            key={tag}
            type="button"
            class="tag"
            title={t("Search for {tag}", { tag })}
            onClick={() => askOnly({ thing: { kind: "text", text: tag }, weight: 1 })}
          >
            <bdi>{tag}</bdi>
          </button>
        ))}
      </p>
    </section>
  );
}

/** What a person wrote of it. */
export function Remark({ clip: known }: { clip: Clip | null }) {
  if (!known?.remark) return null;
  return (
    <section class="fact">
      <h3>{t("Remark")}</h3>
      <p class="remark">
        <bdi>{known.remark}</bdi>
      </p>
    </section>
  );
}

export function Tags({ clip: known }: { clip: Clip | null }) {
  if (!known || known.tags.length === 0) return null;
  return (
    <section class="fact">
      <h3>{t("Heard in it")}</h3>
      <ul class="via">
        {known.tags.slice(0, 6).map((tag) => (
          <li key={tag.name}>
            <span>{tag.name}</span>
            <span class="meter" aria-hidden="true">
              <span style={{ width: `${Math.round(tag.probability * 100)}%` }} />
            </span>
            <span class="quiet">{percent(tag.probability)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Metadata({ clip: known }: { clip: Clip | null }) {
  const entries = Object.entries(known?.metadata ?? {});
  return (
    <section class="fact">
      <h3>{t("File")}</h3>
      <dl class="metadata">
        {known && (
          <div>
            <dt>{t("path")}</dt>
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
