/** Numbers as the language of the page writes them. */
import { language, locale } from "./language";

const formats = new Map<string, Intl.NumberFormat>();

function written(number: number, options: Intl.NumberFormatOptions): string {
  const key = locale.value + JSON.stringify(options);
  const format = formats.get(key) ?? new Intl.NumberFormat(locale.value, options);
  formats.set(key, format);
  return format.format(number);
}

/** Whether numbers are written the English way, which needs no `Intl`: its first number costs a slow device 100 ms. */
const isPlain = (): boolean => language.value === "en";

/** With marks between thousands. */
export const count = (number: number): string =>
  isPlain() ? String(number).replace(/\B(?=(\d{3})+$)/g, ",") : written(number, {});

/** With so many digits behind the point, and no marks between thousands. */
export const fixed = (number: number, digits: number): string =>
  isPlain()
    ? number.toFixed(digits)
    : written(number, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        useGrouping: false,
      });

export const percent = (share: number): string =>
  isPlain() ? `${Math.round(share * 100)} %` : written(share, { style: "percent" });

/** A year, a month or a day ("2026", "2026-11", "2026-11-29"), as the service writes them. */
export function date(written: string): string {
  const parts = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(written);
  if (isPlain() || !parts) return written;
  const [, year, month, day] = parts;
  const options: Intl.DateTimeFormatOptions = {
    year: "numeric",
    ...(month && { month: "long" }),
    ...(day && { day: "numeric" }),
    timeZone: "UTC",
  };
  const at = Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1));
  return new Intl.DateTimeFormat(locale.value, options).format(at);
}

/** What a language is called in the language of the page. */
export const languageName = (code: string): string =>
  new Intl.DisplayNames(locale.value, { type: "language" }).of(code) ?? code;
