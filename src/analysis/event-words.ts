/** Entries of the event log that are about no request, in words. */
import { EVENT_CODE } from "../activation/events.ts";

/** By code; what requests are about has no entry here. */
export const GENERAL_EVENT_NAMES: ReadonlyMap<number, string> = new Map([
  [EVENT_CODE.publicationFailed, "publishing in DNS failed"],
  [EVENT_CODE.publicationSucceeded, "published in DNS"],
  [EVENT_CODE.countReset, "count reset"],
  [EVENT_CODE.upstreamUnreachable, "licensed host unreachable"],
  [EVENT_CODE.upstreamReachable, "licensed host reachable again"],
  [EVENT_CODE.alertRaised, "alert raised"],
  [EVENT_CODE.alertCleared, "alert cleared"],
]);

/** Members of a detail that say it in words, the best first. */
const TELLING = ["message", "reason", "zone", "upstream", "server"] as const;

/** What happened. The detail's words are untrusted: a server's may be among them. */
export function eventWords(code: number, detail: string | null): string {
  const name = GENERAL_EVENT_NAMES.get(code) ?? `entry ${code}`;
  const words = detailWords(detail ?? "");
  return words === "" ? name : `${name}: ${words}`;
}

/** Details are JSON objects where they have parts, plain words otherwise. */
function detailWords(detail: string): string {
  if (!detail.startsWith("{")) return detail;
  try {
    const parts = JSON.parse(detail) as Readonly<Record<string, unknown>>;
    const told = TELLING.map((name) => parts[name]).filter((part) => typeof part === "string");
    return told.join(", ");
  } catch {
    return detail;
  }
}
