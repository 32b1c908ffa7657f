/** The timeline of the chosen sound: a lane for each class that is heard in it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clipEvents, type SoundEvent, storedEvents } from "../api/service";
import { t } from "../messages/t";
import { moment, percent } from "../ui/format";
import { Icon } from "../ui/icons";
import { sayFailure } from "../ui/toasts";

const MOST_LANES = 8;

export interface Lane {
  name: string;
  events: readonly SoundEvent[];
}

/** Classes with their times: first those in the foreground, then the background, each by length. */
export function lanesOf(events: readonly SoundEvent[], most: number): Lane[] {
  const lanes = new Map<string, SoundEvent[]>();
  for (const event of events) lanes.set(event.name, [...(lanes.get(event.name) ?? []), event]);
  const length = (some: readonly SoundEvent[]) => some.reduce((sum, one) => sum + one.end_s - one.start_s, 0);
  const standsOut = (lane: Lane) => length(lane.events.filter((one) => !one.background));
  return [...lanes]
    .map(([name, some]) => ({ name, events: some }))
    .sort((one, other) => standsOut(other) - standsOut(one) || length(other.events) - length(one.events))
    .slice(0, most);
}

interface HappensProps {
  clipId: number;
  duration_s: number;
  onPlayFrom: (from_s: number) => void;
}

export function Happens({ clipId, duration_s, onPlayFrom }: HappensProps) {
  const lanes = useSignal<readonly Lane[] | null>(null);
  const looking = useSignal(false);
  const unknown = useSignal(false);
  useEffect(() => {
    let current = true;
    storedEvents(clipId).then(
      (line) => {
        if (!current) return;
        if (line.stored) lanes.value = lanesOf(line.events, MOST_LANES);
        else unknown.value = true;
      },
      () => (unknown.value = true), // whoever asks for them is told why
    );
    return () => {
      current = false;
    };
  }, [clipId]);
  const look = async () => {
    looking.value = true;
    try {
      lanes.value = lanesOf((await clipEvents(clipId)).events, MOST_LANES);
    } catch (error) {
      sayFailure(t("Events could not be detected"), error);
    }
    looking.value = false;
  };
  return (
    <section class="fact">
      <h3>{t("What happens when")}</h3>
      {!lanes.value && unknown.value && (
        <button type="button" class="secondary" disabled={looking.value} onClick={() => void look()}>
          <Icon name="spectrum" /> {t(looking.value ? "Listening …" : "Listen for events")}
        </button>
      )}
      {lanes.value?.length === 0 && <p class="quiet">{t("No event is certain enough to name.")}</p>}
      {lanes.value && lanes.value.length > 0 && (
        <ul class="lanes">
          {lanes.value.map((lane) => (
            <li key={lane.name}>
              <bdi>{lane.name}</bdi>
              <span class="lane">
                {lane.events.map((event) => (
                  <button
                    key={event.start_s}
                    type="button"
                    class={event.background ? "lane-event background" : "lane-event"}
                    aria-label={t("{name}, {start} to {end}: play from there", {
                      name: event.name,
                      start: moment(event.start_s),
                      end: moment(event.end_s),
                    })}
                    title={`${moment(event.start_s)}–${moment(event.end_s)}, ${percent(event.probability)}${event.background ? `, ${t("background@@sound")}` : ""}`}
                    style={{
                      left: `${(event.start_s / duration_s) * 100}%`,
                      width: `${((event.end_s - event.start_s) / duration_s) * 100}%`,
                    }}
                    onClick={() => onPlayFrom(event.start_s)}
                  />
                ))}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
