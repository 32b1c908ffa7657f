/** "Find duplicates": the clips that are copies of this one, or the same recording in another shape. */
import { useSignal } from "@preact/signals";
import { BASE } from "../api/client";
import { type Copies as Found, copiesOf, startJob, waitForJob } from "../api/service";
import { leaving } from "../library/leaving";
import { merge } from "../library/merges";
import { said } from "../messages/said";
import { t } from "../messages/t";
import { Icon } from "../ui/icons";
import { bytes } from "../ui/format";
import { sayFailure } from "../ui/toasts";
import { difference, evidence } from "./evidence";
import { clipFolder, clipName, clipSize } from "./names";

export function Copies({ clipId }: { clipId: number }) {
  const found = useSignal<Found | null>(null);
  const looking = useSignal(false);

  const look = async () => {
    looking.value = true;
    try {
      let now = await copiesOf(clipId);
      if (!now.current) {
        await waitForJob(await startJob("duplicates"));
        now = await copiesOf(clipId);
      }
      found.value = now;
    } catch (error) {
      sayFailure(t("Duplicates could not be searched for"), error);
    }
    looking.value = false;
  };

  const group = found.value?.groups[0];
  return (
    <section class="fact">
      <h3>{t("Duplicates")}</h3>
      {!found.value && (
        <button type="button" class="secondary" disabled={looking.value} onClick={() => void look()}>
          <Icon name="copies" /> {t(looking.value ? "Listening to the library …" : "Find duplicates")}
        </button>
      )}
      {found.value && !group && <p class="quiet">{t("No other sound is the same recording.")}</p>}
      {group && <GroupOfCopies group={group} />}
    </section>
  );
}

/** The clips of one recording, with the one worth keeping. */
export function GroupOfCopies({ group }: { group: Found["groups"][number] }) {
  const there = group.clips.filter((one) => !leaving.value.has(one.clip_id));
  const keep = (kept: number) =>
    void merge(
      kept,
      there.map((one) => one.clip_id).filter((id) => id !== kept),
    );
  return (
    <ul class="copies">
      {there.map((one) => (
        <li key={one.clip_id}>
          <a href={`${BASE}?part=clip:${one.clip_id}`}>
            <bdi>{clipName(one.clip_id)}</bdi>
          </a>
          <bdi class="quiet">{clipFolder(one.clip_id)}</bdi>
          <span class="quiet">
            {one.clip_id === group.keep
              ? t("worth keeping: {why}", { why: said(group.why) })
              : difference(one)}
            {evidence(one)}
            <Size clipId={one.clip_id} />
          </span>
          {there.length > 1 && (
            <button
              type="button"
              class="plain"
              aria-label={t("Keep this one: {name}; the others are removed from the library", {
                name: clipName(one.clip_id).value,
              })}
              title={t(
                "The others are removed from the library, and their tags, likes and collections move to this one; their files stay",
              )}
              onClick={() => keep(one.clip_id)}
            >
              {t("Keep this one")}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Size({ clipId }: { clipId: number }) {
  const size_bytes = clipSize(clipId).value;
  return size_bytes === null ? null : <>{t("; {facts}", { facts: bytes(size_bytes) })}</>;
}
