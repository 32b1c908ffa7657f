/** The orders in which all sounds can be listed, as the service calls them, and as people do. */
export const ORDERS: readonly (readonly [string, string])[] = [
  ["-added", "Newest first"],
  ["added", "Oldest first"],
  ["title", "By title"],
  ["path", "By folder"],
  ["duration_s", "Shortest first"],
  ["-duration_s", "Longest first"],
];

export const NEWEST_FIRST = "-added";

/** The order that an address names; the usual one where it names none. */
export const readOrder = (written: string | null): string =>
  ORDERS.find(([order]) => order === written)?.[0] ?? NEWEST_FIRST;
