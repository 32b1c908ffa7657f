import { signal } from "@preact/signals";
import { remember, remembered } from "../ui/theme";

const KEY = "soundalike.spectrogram";

/** Whether the inspector shows spectrograms; remembered, since some people always look at them. */
export const spectrogramShown = signal(remembered(KEY) === "shown");
spectrogramShown.subscribe((shown) => remember(KEY, shown ? "shown" : "hidden"));
