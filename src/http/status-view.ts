/** The state of the host as `GET /status` says it. Field names are a contract with scripts. */
import { formatEndpoint } from "../platform/endpoint.ts";
import type { ApplicationReport, StatusReport, VersionReport } from "./sources.ts";

/**
 * The application whose count stands for the host where only one figure fits: the one with the
 * highest count, the first of the catalogue among equals. Clients of an application see the count
 * of theirs, which is listed by application.
 */
export function headlineApplication(
  applications: readonly ApplicationReport[],
): ApplicationReport | undefined {
  const [first] = applications;
  return applications.reduce(
    (highest, application) =>
      highest === undefined || application.count > highest.count ? application : highest,
    first,
  );
}

/** JSON value of `GET /status`: endpoints as text, times as ISO 8601 in UTC. */
export function statusView(status: StatusReport, version: VersionReport) {
  const headline = headlineApplication(status.applications);
  const { activationMinutes, renewalMinutes } = status.intervals;
  return {
    name: status.name,
    version: version.version,
    startedAt: isoTime(status.startedAt),
    uptimeSeconds: status.uptimeSeconds,
    hostTime: isoTime(status.hostTime),
    count: headline?.count ?? 0,
    cacheCapacity: headline?.cacheCapacity ?? 0,
    clientsKnown: status.clientsKnown ?? null,
    requests: status.requests,
    applications: status.applications,
    countingPolicy: status.countingPolicy,
    intervals: { activationMinutes, renewalMinutes },
    host: { ...status.host, licenceReason: status.host.licenceReason ?? null },
    rpc: { ...status.rpc, endpoints: status.rpc.endpoints.map(formatEndpoint) },
    drain: drainView(status.drain),
    dns: { ...status.dns, endpoints: status.dns.endpoints.map(formatEndpoint) },
    store: { ...status.store, reason: status.store.reason ?? null },
    warnings: status.warnings,
  };
}

function drainView(drain: StatusReport["drain"]) {
  if (drain === undefined) return null;
  const { since, until, clientsToMove = null } = drain;
  return {
    since: isoTime(since),
    until: until === undefined ? null : isoTime(until),
    clientsToMove,
  };
}

export type StatusView = ReturnType<typeof statusView>;

/** ISO 8601 in UTC; a time that no date can be made of shows as the epoch. */
export function isoTime(time: number): string {
  const date = new Date(time);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}

/** `3 d 4 h`, `4 h 5 min`, `5 min 6 s`: the two largest units. */
export function duration(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const whole = Math.max(0, Math.floor(seconds));
  const start = units.findIndex(([size]) => whole >= size);
  if (start < 0 || start === units.length - 1) return `${whole} s`;
  return units
    .slice(start, start + 2)
    .map(([size, unit], index) => {
      const rest = index === 0 ? whole : whole % (units[start]?.[0] ?? 1);
      return `${Math.floor(rest / size)} ${unit}`;
    })
    .join(" ");
}
