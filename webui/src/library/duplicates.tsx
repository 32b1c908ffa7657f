/** What the search for duplicates found: the groups, and in each the clip worth keeping. */
import { useSignalEffect, useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { newestOf } from "../api/newest";
import { duplicates, type Copies } from "../api/service";
import { GroupOfCopies } from "../inspector/copies";
import { t } from "../messages/t";
import { useFocusOnNext } from "../ui/focusonnext";
import { jobs } from "./jobs";
import { leaving } from "./leaving";

/** How many groups are shown at first, and added by a press: names are fetched one by one. */
const SHOWN = 10;

export function Duplicates() {
  const known = useSignal<Copies | null>(null);
  const done = useSignal(0);
  const wanted = useSignal(SHOWN);
  const list = useRef<HTMLUListElement>(null);
  const press = useFocusOnNext(list);
  const show = useMemo(() => newestOf<Copies>((found) => (known.value = found)), []);

  useSignalEffect(() => {
    done.value = jobs.value.find((job) => job.kind === "duplicates" && job.state === "done")?.id ?? 0;
  });
  useSignalEffect(() => {
    void done.value;
    const limit = wanted.value;
    show(() => duplicates(limit)).catch(() => undefined); // whoever is gone or locked has a screen
  });

  const now = known.value;
  if (!now || (now.total === 0 && done.value === 0)) return null;
  const groups = now.groups.filter(stillThere);
  const total = now.total - (now.groups.length - groups.length);
  const more = Math.min(SHOWN, now.total - now.groups.length);
  return (
    <section class="duplicates" aria-label={t("Duplicates")}>
      <header class="jobs-head">
        <h2>
          {total === 0
            ? t("No duplicates")
            : t("{n} group of duplicates|{n} groups of duplicates", { n: total })}
        </h2>
      </header>
      {!now.current && total > 0 && (
        <p class="quiet">{t("The library has changed since then. Find them again.")}</p>
      )}
      <ul ref={list}>
        {groups.map((group, place) => (
          <li key={group.keep} onClickCapture={(event) => press(place, event)}>
            <GroupOfCopies group={group} />
          </li>
        ))}
      </ul>
      {more > 0 && (
        <button type="button" class="plain" onClick={() => (wanted.value += SHOWN)}>
          {t("Show {n} more", { n: more })}
        </button>
      )}
    </section>
  );
}

/** Whether a group still has more than one clip: the others may have been merged on this page. */
function stillThere(group: Copies["groups"][number]): boolean {
  return group.clips.filter((one) => !leaving.value.has(one.clip_id)).length > 1;
}
