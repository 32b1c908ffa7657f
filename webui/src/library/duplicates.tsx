/** What the search for duplicates found: the groups, and in each the clip worth keeping. */
import { useSignalEffect, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { API } from "../api/client";
import { newestOf } from "../api/newest";
import { duplicates, type Copies } from "../api/service";
import { GroupOfCopies } from "../inspector/copies";
import { t, tx } from "../messages/t";
import { jobs } from "./jobs";

/** Their names are asked for one by one. */
const SHOWN = 10;

export function Duplicates() {
  const known = useSignal<Copies | null>(null);
  const done = useSignal(0);
  const show = useMemo(() => newestOf<Copies>((found) => (known.value = found)), []);

  useSignalEffect(() => {
    done.value = jobs.value.find((job) => job.kind === "duplicates" && job.state === "done")?.id ?? 0;
  });
  useSignalEffect(() => {
    void done.value;
    show(() => duplicates(SHOWN)).catch(() => undefined); // whoever is gone or locked has a screen
  });

  const now = known.value;
  if (!now || (now.total === 0 && done.value === 0)) return null;
  return (
    <section class="duplicates" aria-label={t("Duplicates")}>
      <header class="jobs-head">
        <h2>
          {now.total === 0
            ? t("No duplicates")
            : t("{n} group of duplicates|{n} groups of duplicates", { n: now.total })}
        </h2>
      </header>
      {!now.current && now.total > 0 && (
        <p class="quiet">{t("Sounds came or went since: find them again.")}</p>
      )}
      <ul>
        {now.groups.map((group) => (
          <li key={group.keep}>
            <GroupOfCopies group={group} />
          </li>
        ))}
      </ul>
      {now.total > now.groups.length && (
        <p class="quiet">
          {tx(
            "And {n} more group: {command} lists them all, {link}.|And {n} more groups: {command} lists them all, {link}.",
            {
              n: now.total - now.groups.length,
              command: <code>soundalike duplicates</code>,
              link: <a href={`${API}/duplicates?offset=${now.groups.length}`}>{t("so does the service")}</a>,
            },
          )}
        </p>
      )}
    </section>
  );
}
