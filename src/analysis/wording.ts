/** Words that several rules' sentences share. What machines called themselves is untrusted text. */
import { sanitise } from "../platform/text.ts";

const NAME_LENGTH = 63;

/** `PC-1 (192.0.2.1)`. */
export function machineWords(machineName: string, address: string): string {
  const name = machineName === "" ? "a machine without a name" : sanitise(machineName, NAME_LENGTH);
  return `${name} (${sanitise(address, NAME_LENGTH)})`;
}

/** `A, B and 7 more`. */
export function listWords(words: readonly string[], shown: number, total = words.length): string {
  const first = words.slice(0, shown);
  const rest = total - first.length;
  if (rest > 0) return `${first.join(", ")} and ${rest} more`;
  const last = first.at(-1) ?? "";
  return first.length < 2 ? last : `${first.slice(0, -1).join(", ")} and ${last}`;
}

/** `1 machine`, `2 machines`. */
export function countWords(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span in the unit that fits: `40 minutes`, `7 hours`, `12 days`. Never negative. */
export function spanWords(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span >= 2 * DAY) return countWords(Math.floor(span / DAY), "day");
  if (span >= 2 * HOUR) return countWords(Math.floor(span / HOUR), "hour");
  return countWords(Math.floor(span / MINUTE), "minute");
}

/** The last moment of ECMAScript dates, on either side of 1970. */
const DATE_LIMIT = 8.64e15;

/** `2026-01-15T12:00Z`; times that no date can be made of are cut to the last one. */
export function timeWords(time: number): string {
  const bounded = Math.min(Math.max(time, -DATE_LIMIT), DATE_LIMIT);
  return `${new Date(bounded).toISOString().slice(0, -8)}Z`;
}

/** ISO 8601 with milliseconds, UTC; bounded as {@link timeWords} is. */
export function isoTime(time: number): string {
  return new Date(Math.min(Math.max(time, -DATE_LIMIT), DATE_LIMIT)).toISOString();
}

/** `initialGrace` as `initial grace`. */
export function stateWords(state: string): string {
  return state.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
