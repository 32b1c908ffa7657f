/** The orders in which sounds can be listed, as the service calls them, and as people do. */
type Named = readonly (readonly [string, string])[];

const BY_NAME_AND_LENGTH: Named = [
  ["title", "By title"],
  ["path", "By folder"],
  ["duration_s", "Shortest first"],
  ["-duration_s", "Longest first"],
];

/** Orders of all sounds. */
export const ORDERS: Named = [["-added", "Newest first"], ["added", "Oldest first"], ...BY_NAME_AND_LENGTH];

/** By what was measured. */
export const FACT_ORDERS: Named = [
  ["-loudness", "Loudest first"],
  ["loudness", "Softest first"],
  ["-centroid_hz", "Brightest first"],
  ["centroid_hz", "Darkest first"],
  ["-pitch_hz", "Highest first"],
  ["pitch_hz", "Lowest first"],
  ["-tempo", "Fastest first"],
  ["tempo", "Slowest first"],
  ["-sample_rate_hz", "Highest rate first"],
  ["sample_rate_hz", "Lowest rate first"],
  ["-channels", "Most channels first"],
  ["channels", "Fewest channels first"],
];

/** Orders of hits: relevance first, then these. */
export const HIT_ORDERS: Named = [["", "Closest first"], ...BY_NAME_AND_LENGTH];

export const NEWEST_FIRST = "-added";

const known = (written: string | null, orders: Named): string | undefined =>
  [...orders, ...FACT_ORDERS].find(([order]) => order === written)?.[0];

/** The order that an address names; the usual one where it names none. */
export const readOrder = (written: string | null): string => known(written, ORDERS) ?? NEWEST_FIRST;

/** The same of hits. */
export const readBy = (written: string | null): string => known(written, HIT_ORDERS) ?? "";
