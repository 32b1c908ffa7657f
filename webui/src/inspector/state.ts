import { rememberedOpen } from "../ui/remembered";

/** Whether the inspector shows spectrograms; remembered, since some people always look at them. */
export const spectrogramShown = rememberedOpen("soundalike.spectrogram");
