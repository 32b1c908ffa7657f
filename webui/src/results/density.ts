import { rememberedSwitch } from "../ui/remembered";

/** Whether rows are as low as they can be read, with the name of the file first. */
export const compact = rememberedSwitch("soundalike.compact");
