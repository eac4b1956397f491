/** Times as people write them on a command line. */
import { parseDurationSeconds } from "./duration.ts";

/** RFC 3339 section 5.6; the time of day and the offset may be left out (midnight, UTC). */
const TIME_FORM =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/i;

export type TimeFlag =
  | { readonly kind: "at"; readonly time: number }
  | { readonly kind: "ago"; readonly milliseconds: number };

/**
 * `2026-01-15`, `2026-01-15T08:00Z`, or so long ago: `2h`, `7d`. Throws an Error that says what is
 * wrong.
 */
export function parseTime(text: string): TimeFlag {
  if (TIME_FORM.test(text)) {
    const normal = text.toUpperCase().replace(" ", "T");
    const hasOffset = /(?:Z|[+-]\d\d:\d\d)$/.test(normal.slice(10));
    const time = Date.parse(normal.length === 10 || hasOffset ? normal : `${normal}Z`);
    if (!Number.isNaN(time)) return { kind: "at", time };
  }
  try {
    return { kind: "ago", milliseconds: parseDurationSeconds(text) * 1000 };
  } catch {
    throw new Error(
      `"${text}" is no time: write 2026-01-15, 2026-01-15T08:00Z, or 2h for so long ago`,
    );
  }
}

export function resolveTime(flag: TimeFlag, now: number): number {
  return flag.kind === "at" ? flag.time : now - flag.milliseconds;
}

export function parsePositive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`"${text}" is no number from 1 on`);
}
