/** Recording from the microphone: a level meter, a countdown, and what to do when the microphone is refused. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { pause } from "../player/player";
import { ask, question } from "../route";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { type Microphone, MicrophoneRefused, openMicrophone } from "./microphone";
import { keepSound } from "./sounds";
import { recording } from "./state";

const LONGEST_S = { audio: 10, hum: 15 };

export function Recorder() {
  const kind = recording.value ?? "audio";
  const microphone = useRef<Microphone | null>(null);
  const meter = useRef<HTMLSpanElement>(null);
  const left_s = useSignal(LONGEST_S[kind]);
  const refused = useSignal<string | null>(null);
  const attempt = useSignal(0);
  const finishing = useRef(false);

  /** At the end of the time, or before: whichever is first. */
  const finish = () => {
    if (!microphone.current || finishing.current) return;
    finishing.current = true;
    void addRecording(microphone.current, kind);
  };

  useEffect(pause, []); // it would be heard
  useEffect(() => {
    let current = true;
    let frame = 0;
    refused.value = null;
    const begin = async () => {
      const opened = await openMicrophone();
      if (!current) {
        opened.close();
        return;
      }
      microphone.current = opened;
      const follow = () => {
        if (meter.current) meter.current.style.transform = `scaleX(${opened.level()})`;
        left_s.value = Math.max(0, LONGEST_S[kind] - opened.seconds());
        if (left_s.peek() === 0) finish();
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
    <Dialog title={kind === "hum" ? "Hum, sing or whistle" : "Record a sound"} onClose={close}>
      {refused.value ? (
        <div class="recorder" role="alert">
          <p>{refused.value}</p>
          <button type="button" class="secondary" onClick={() => attempt.value++}>
            <Icon name="refresh" /> Try again
          </button>
          <p class="hint">
            Nothing leaves this machine but what you record, and that goes to this search service only.
          </p>
        </div>
      ) : (
        <div class="recorder">
          <p class="recorder-time" role="timer" aria-label="Seconds left">
            {left_s.value.toFixed(1)} s
          </p>
          <div class="level" aria-hidden="true">
            <span ref={meter} />
          </div>
          <p class="hint">
            {kind === "hum"
              ? "A few bars are enough; any key, any tempo."
              : "Hold the sound close to the microphone."}
          </p>
          <button type="button" class="primary" onClick={finish}>
            <Icon name="search" /> Stop and search
          </button>
        </div>
      )}
    </Dialog>
  );
}

async function addRecording(microphone: Microphone, kind: "audio" | "hum"): Promise<void> {
  const file = await microphone.stop(kind === "hum" ? "hum" : "recording");
  recording.value = null;
  const key = await keepSound(file);
  const part = { thing: { kind, file: key }, weight: 1 };
  ask({ parts: kind === "hum" ? [part] : [...question.value.parts, part] });
}
