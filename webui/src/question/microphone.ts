/** The microphone as the browser gives it: a level, a length, and in the end a file. */
import { t } from "../messages/t";

/** The microphone cannot be used; the message says what to do about it. */
export class MicrophoneRefused extends Error {}

export interface Microphone {
  /** How loud it is now, 0 to 1. */
  level(): number;
  /** Seconds since recording began. */
  seconds(): number;
  /** Stop, and return the recording as a file of this name. */
  stop(name: string): Promise<File>;
  close(): void;
}

const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const SUFFIXES: Record<string, string> = { "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a" };
const QUIETEST_DB = -60;

/** Ask for the microphone and record at once, as it sounds: no echo or noise is taken out. */
export async function openMicrophone(): Promise<Microphone> {
  const stream = await request();
  const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
  const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
  const chunks: Blob[] = [];
  recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const begun_ms = performance.now();
  recorder.start();

  const close = () => {
    if (recorder.state !== "inactive") recorder.stop();
    for (const track of stream.getTracks()) track.stop();
    if (context.state !== "closed") void context.close();
  };
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return Math.min(1, Math.max(0, 1 - (10 * Math.log10(power + 1e-12)) / QUIETEST_DB));
    },
    seconds: () => (performance.now() - begun_ms) / 1000,
    stop: (name) =>
      new Promise((resolve) => {
        const kind = recorder.mimeType.split(";")[0] ?? "audio/webm";
        recorder.addEventListener("stop", () => {
          resolve(new File(chunks, `${name}.${SUFFIXES[kind] ?? "webm"}`, { type: kind }));
          close();
        });
        recorder.stop();
      }),
    close,
  };
}

async function request(): Promise<MediaStream> {
  // without a secure address browsers do not even offer a microphone
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) {
    throw new MicrophoneRefused(
      t(
        "Browsers allow the microphone only for pages on this machine or over HTTPS. Record a file elsewhere and drop it here.",
      ),
    );
  }
  try {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return await devices.getUserMedia({ audio: plain });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotFoundError")
      throw new MicrophoneRefused(t("No microphone is connected. Connect one, or drop a recording here."));
    if (name === "NotAllowedError") {
      throw new MicrophoneRefused(
        t(
          "The browser does not let this page use the microphone. Allow it beside the address bar and try again, or drop a recording here.",
        ),
      );
    }
    throw new MicrophoneRefused(
      t(
        "The microphone is not available; another program may be using it. Try again, or drop a recording here.",
      ),
    );
  }
}
