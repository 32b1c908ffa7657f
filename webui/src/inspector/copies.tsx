/** "Find duplicates": the clips that are copies of this one, or the same recording in another shape. */
import { useSignal } from "@preact/signals";
import { BASE } from "../api/client";
import { type Copies as Found, copiesOf, startJob, waitForJob } from "../api/service";
import { duration } from "../ui/format";
import { Icon } from "../ui/icons";
import { sayFailure } from "../ui/toasts";
import { clipName } from "./names";

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
      sayFailure("Duplicates could not be looked for", error);
    }
    looking.value = false;
  };

  const group = found.value?.groups[0];
  return (
    <section class="fact">
      <h3>Duplicates</h3>
      {!found.value && (
        <button type="button" class="secondary" disabled={looking.value} onClick={() => void look()}>
          <Icon name="copies" /> {looking.value ? "Listening to the library …" : "Find duplicates"}
        </button>
      )}
      {found.value && !group && <p class="quiet">No other clip is the same recording.</p>}
      {group && <GroupOfCopies group={group} />}
    </section>
  );
}

/** The clips of one recording, with the one worth keeping. */
export function GroupOfCopies({ group }: { group: Found["groups"][number] }) {
  return (
    <ul class="copies">
      {group.clips.map((one) => (
        <li key={one.clip_id}>
          <a href={`${BASE}?part=clip:${one.clip_id}`}>
            <bdi>{clipName(one.clip_id)}</bdi>
          </a>
          <span class="quiet">
            {one.clip_id === group.keep ? `worth keeping: ${group.why}` : one.kind}
            {one.kind === "same recording" && one.offset_s > 0 && `, ${duration(one.offset_s)} later`}
            {evidence(one)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What was measured in a clip's file, in words; nothing where nothing was. */
function evidence(one: Found["groups"][number]["clips"][number]): string {
  if (one.bandwidth_hz === null) return "";
  const facts = [
    one.lossless ? "lossless" : "lossy",
    `sounds up to ${(one.bandwidth_hz / 1000).toFixed(1)} kHz`,
  ];
  if (one.silence_s !== null && one.silence_s >= 0.05) facts.push(`${one.silence_s.toFixed(1)} s of silence`);
  if (one.clipped) facts.push(`${(100 * one.clipped).toFixed(2)} % clipped`);
  return `; ${facts.join(", ")}`;
}
