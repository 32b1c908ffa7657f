/** The orders in which sounds can be listed, as the service calls them, and as people do. */
import { message, type Plain } from "../messages/t";

type Named = readonly (readonly [string, Plain])[];

const BY_NAME_AND_LENGTH: Named = [
  ["title", message("By title")],
  ["path", message("By folder")],
  ["duration_s", message("Shortest first")],
  ["-duration_s", message("Longest first")],
];

/** Orders of all sounds. */
export const ORDERS: Named = [
  ["-added", message("Newest first")],
  ["added", message("Oldest first")],
  ...BY_NAME_AND_LENGTH,
];

/** By what was measured. */
export const FACT_ORDERS: Named = [
  ["-loudness", message("Loudest first")],
  ["loudness", message("Softest first")],
  ["-centroid_hz", message("Brightest first")],
  ["centroid_hz", message("Darkest first")],
  ["-pitch_hz", message("Highest first")],
  ["pitch_hz", message("Lowest first")],
  ["-tempo", message("Fastest first")],
  ["tempo", message("Slowest first")],
  ["-sample_rate_hz", message("Highest rate first")],
  ["sample_rate_hz", message("Lowest rate first")],
  ["-channels", message("Most channels first")],
  ["channels", message("Fewest channels first")],
];

/** Orders of hits: relevance first, then these. */
export const HIT_ORDERS: Named = [["", message("Closest first")], ...BY_NAME_AND_LENGTH];

export const NEWEST_FIRST = "-added";

const known = (written: string | null, orders: Named): string | undefined =>
  [...orders, ...FACT_ORDERS].find(([order]) => order === written)?.[0];

/** The order that an address names; the usual one where it names none. */
export const readOrder = (written: string | null): string => known(written, ORDERS) ?? NEWEST_FIRST;

/** The same of hits. */
export const readBy = (written: string | null): string => known(written, HIT_ORDERS) ?? "";
