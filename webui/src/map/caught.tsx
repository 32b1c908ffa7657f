/** The list beside the map: the sounds of the question, filter or lasso. */
import { isEmpty, isFiltered } from "../question/model";
import { t } from "../messages/t";
import { paused, playing } from "../player/player";
import { answered, more } from "../results/answers";
import type { Row } from "../results/rows";
import { Score } from "../results/row";
import { inspected, toggleRow } from "../results/selection";
import { question } from "../route";
import { duration } from "../ui/format";
import { IconButton } from "../ui/icons";

/** How near to the list's end more rows are fetched. */
const NEAR_PX = 400;

export function Caught() {
  const now = answered.value;
  const asked = !isEmpty(question.value) || isFiltered(question.value);
  if (!asked || !now || now.refusal || now.verdict === "none" || now.rows.length === 0) return null;
  const reach = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement) =>
    void (scrollHeight - scrollTop - clientHeight < NEAR_PX && more());
  return (
    <section class="caught" aria-label={t("Sounds")} onScroll={(event) => reach(event.currentTarget)}>
      <ul>
        {now.rows.map((row) => (
          <CaughtRow key={row.clip_id} row={row} />
        ))}
      </ul>
    </section>
  );
}

function CaughtRow({ row }: { row: Row }) {
  const sounds = playing.value === row.clip_id && !paused.value;
  return (
    <li class={`caught-row ${inspected.value?.clip_id === row.clip_id ? "caught-chosen" : ""}`}>
      <IconButton
        icon={sounds ? "pause" : "play"}
        label={t(sounds ? "Pause {title}" : "Play {title}", { title: row.title })}
        class="round"
        onClick={() => toggleRow(row)}
      />
      <button type="button" class="row-title" title={row.path} onClick={() => (inspected.value = row)}>
        <bdi>{row.title}</bdi>
      </button>
      {row.score === null ? (
        <span class="quiet">{row.duration_s !== null && duration(row.duration_s)}</span>
      ) : (
        <Score row={row} />
      )}
    </li>
  );
}
