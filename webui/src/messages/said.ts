/** What the service says, in the language of the page: `said("no clip has the id 7")`. */
import { sentences } from "./language";

/** A sentence of the service as the page says it; one that no catalogue knows stays as it is. */
export const said = (text: string): string => sentences.value?.(text) ?? text;
