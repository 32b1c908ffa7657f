/** What a facet's values are called in the language of the page: lengths and dates; the rest are somebody's own words. */
import type { Facets } from "../api/service";
import { date } from "../messages/numbers";
import { said } from "../messages/said";
import { t } from "../messages/t";

type Facet = Facets["tags"][number];

export function nameOfFacet(column: string, { value, where }: Facet): string {
  if (column === "added") return date(value);
  if (where === 'folder = ""') return said(value); // "top folder" is nobody's word
  return column === "duration_s" ? nameOfLengths(value, where) : value;
}

/** By the limits in the filter; the service's own name where it has others. */
function nameOfLengths(value: string, where: string): string {
  const low = /^duration_s >= ([\d.]+)/.exec(where)?.[1];
  const high = /duration_s < ([\d.]+)$/.exec(where)?.[1];
  if (low && high) return t("{low} to {high} s", { low, high });
  if (high) return t("under {high} s", { high });
  return low ? t("{low} s and longer", { low }) : value;
}
