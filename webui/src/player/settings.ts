/** How sounds are played: whether what is chosen plays at once, again and again, how loud and how fast. */
import { rememberedNumber, rememberedSignal, rememberedSwitch } from "../ui/remembered";

/** Whether a sound plays as soon as it is chosen. */
export const auditioning = rememberedSwitch("soundalike.audition");
/** Whether what plays begins again when it is over. */
export const looping = rememberedSwitch("soundalike.loop");

export const QUIETEST_DB = -60;
/** 0 is as it is recorded; at `QUIETEST_DB` nothing is heard. */
export const volume_db = rememberedNumber("soundalike.volume", 0, QUIETEST_DB, 0);

export const RATES = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 4] as const;
/** How much faster than recorded. */
export const rate = rememberedNumber("soundalike.rate", 1, RATES[0], 4);
/** Whether the pitch stays the same at another rate; else it changes as on a tape. */
export const keepsPitch = rememberedSwitch("soundalike.pitch", true);

/** The factor of the samples. */
export const gain = (level_db: number): number => (level_db <= QUIETEST_DB ? 0 : 10 ** (level_db / 20));

/** Whether sounds are made equally loud, as far as it was measured how loud they are. */
export const matchesLevels = rememberedSwitch("soundalike.levels");
/** The loudness that sounds are turned down to; softer ones stay as they are, since a browser cannot amplify. */
export const MATCHED_LUFS = -23;

/** The attenuation for a sound of this loudness. */
export const turnedDown_db = (loudness: number | null): number =>
  loudness === null ? 0 : Math.min(0, MATCHED_LUFS - loudness);

/** The device that plays, as the browser calls it; empty for the system's. */
export const output = rememberedSignal("soundalike.output", (kept) => kept ?? "", String);
