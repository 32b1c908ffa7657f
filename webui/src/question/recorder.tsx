/** Recording from the microphone: a level meter, a countdown, and what to do when the microphone is refused. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { message, t } from "../messages/t";
import { pause } from "../player/player";
import { ask, question } from "../route";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { IMITATION } from "./liking";
import { type Microphone, MicrophoneRefused, openMicrophone } from "./microphone";
import { Picker } from "./passage";
import { recording } from "./state";
import { keepTake, type Take, takeName } from "./takes";

const LONGEST_S = { audio: 10, hum: 15 };
const MUTED = message(
  "Nothing was heard. The microphone may be muted, or a different one may be in use: check its switch and your system's sound settings, then try again.",
);

export function Recorder() {
  const kind = recording.value ?? "audio";
  const microphone = useRef<Microphone | null>(null);
  const meter = useRef<HTMLSpanElement>(null);
  const left_s = useSignal(LONGEST_S[kind]);
  const refused = useSignal<string | null>(null);
  const attempt = useSignal(0);
  const take = useSignal<Take | null>(null);
  const imitated = useSignal(false);
  const finishing = useRef(false);
  const open = useRef(true);

  /** At the end of the time, or before: whichever is first. */
  const finish = async (then: (taken: Take) => void) => {
    if (!microphone.current || finishing.current) return;
    finishing.current = true;
    const taken = await keepTake(await microphone.current.stop(takeName(kind, new Date())), kind);
    if (!open.current) return;
    if (taken) then(taken);
    else refused.value = t(MUTED);
  };

  const askNow = (taken: Take) => askTake(taken, imitated.peek());

  useEffect(() => {
    pause(); // it would be heard
    return () => {
      open.current = false;
    };
  }, []);
  useEffect(() => {
    let current = true;
    let frame = 0;
    refused.value = null;
    take.value = null;
    finishing.current = false;
    const begin = async () => {
      const opened = await openMicrophone();
      if (!current) {
        opened.close();
        return;
      }
      microphone.current = opened;
      const follow = () => {
        if (finishing.current) return;
        if (meter.current) meter.current.style.transform = `scaleX(${opened.level()})`;
        left_s.value = Math.max(0, LONGEST_S[kind] - opened.seconds());
        if (left_s.peek() === 0) void finish(askNow);
        else frame = requestAnimationFrame(follow);
      };
      follow();
    };
    begin().catch((error: unknown) => {
      if (!(error instanceof MicrophoneRefused)) throw error;
      refused.value = error.message;
    });
    return () => {
      current = false;
      cancelAnimationFrame(frame);
      microphone.current?.close();
    };
  }, [attempt.value]);

  const close = () => (recording.value = null);
  return (
    <Dialog title={t(kind === "hum" ? "Hum, sing or whistle" : "Record a sound")} onClose={close}>
      {refused.value ? (
        <div class="recorder" role="alert">
          <p>{refused.value}</p>
          <button type="button" class="secondary" onClick={() => attempt.value++}>
            <Icon name="refresh" /> {t("Try again")}
          </button>
          <p class="hint">
            {t("Only what you record leaves this machine, and it goes to this search service only.")}
          </p>
        </div>
      ) : take.value ? (
        <Taken take={take.value} imitated={imitated.value} onAgain={() => attempt.value++} />
      ) : (
        <div class="recorder">
          <p class="recorder-time" role="timer" aria-label={t("Seconds left")}>
            {left_s.value.toFixed(1)} {t("s")}
          </p>
          <div class="level" aria-hidden="true">
            <span ref={meter} />
          </div>
          <p class="hint">
            {t(
              kind === "hum"
                ? "A few bars are enough; any key, any tempo."
                : "Hold the sound close to the microphone.",
            )}
          </p>
          {kind === "audio" && (
            <label title={t("Compares how sounds rise, fall and repeat; needs measured sounds")}>
              <input
                type="checkbox"
                checked={imitated.value}
                onChange={(event) => (imitated.value = event.currentTarget.checked)}
              />{" "}
              {t("This is a vocal imitation")}
            </label>
          )}
          <div class="field-row">
            <button type="button" class="primary" onClick={() => void finish(askNow)}>
              <Icon name="search" /> {t("Stop and search")}
            </button>
            <button
              type="button"
              class="secondary"
              onClick={() => void finish((taken) => (take.value = taken))}
            >
              <Icon name="play" /> {t("Stop and listen")}
            </button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

/** A take that can be heard and cut before it is asked for. */
function Taken({ take, imitated, onAgain }: { take: Take; imitated: boolean; onAgain: () => void }) {
  const { passage: _, ...whole } = take;
  return (
    <>
      <Picker
        thing={take}
        onChosen={(passage) => askTake(passage ? { ...whole, passage } : whole, imitated)}
      />
      <button type="button" class="plain" onClick={onAgain}>
        <Icon name="refresh" /> {t("Record again")}
      </button>
    </>
  );
}

function askTake(take: Take, imitated: boolean): void {
  recording.value = null;
  const part = { thing: take, weight: 1, ...(imitated && { liking: { aspects: IMITATION } }) };
  ask({ parts: take.kind === "hum" ? [part] : [...question.value.parts, part] });
}
