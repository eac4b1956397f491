/** The state of the host in ten lines: what `curl HOST:8080` shows. */
import { formatEndpoint } from "../platform/endpoint.ts";
import { sanitise } from "../platform/text.ts";
import type { PartReadiness, StatusReport, VersionReport } from "./sources.ts";
import { duration, headlineApplication } from "./status-view.ts";

const LABEL_WIDTH = 13;
const LINE_LENGTH = 200;

/** Exactly ten lines, without line ends, in this order whatever the state. */
export function statusSummary(
  status: StatusReport,
  version: VersionReport,
  parts: readonly PartReadiness[],
): readonly string[] {
  const { intervals, requests } = status;
  const { activationMinutes, renewalMinutes } = intervals;
  const entries: readonly (readonly [string, string])[] = [
    [status.name, `muster ${version.version}, up ${duration(status.uptimeSeconds)}`],
    ["state", stateWords(parts)],
    ["licence", licenceWords(status)],
    ["count", countWords(status)],
    ["clients", `${clientsWords(status)}; ${requests.total} requests, ${requests.failed} failed`],
    ["intervals", `activation ${activationMinutes} min, renewal ${renewalMinutes} min`],
    ["rpc", rpcWords(status)],
    ["dns", dnsWords(status)],
    ["store", storeWords(status)],
    ["look at", "/status  /status.txt  /readyz  /healthz  /version"],
  ];
  return entries.map(([label, words]) => {
    return sanitise(`${label.padEnd(LABEL_WIDTH - 1)} ${words}`, LINE_LENGTH);
  });
}

/** `ready`, or what is not and why. */
export function stateWords(parts: readonly PartReadiness[]): string {
  const missing = parts.filter(({ ready }) => !ready);
  if (missing.length === 0) return "ready";
  const listed = missing.map(({ part, reason }) => `${part} (${reason ?? "no reason"})`);
  return `not ready: ${listed.join(", ")}`;
}

export function licenceWords({ host }: StatusReport): string {
  const issuer = host.selfIssued ? ", self-issued" : "";
  const reason = host.licenceReason === undefined ? "" : `: ${host.licenceReason}`;
  return `${host.licenceStatus}${issuer}, group ${host.group}${reason}`;
}

export function countWords({ applications, countingPolicy }: StatusReport): string {
  const headline = headlineApplication(applications);
  if (headline === undefined) return "0: no client yet";
  const others = applications.filter((application) => application !== headline);
  const further = others.reduce((sum, { count }) => sum + count, 0);
  const elsewhere = further > 0 ? `; ${further} more under other applications` : "";
  const machines = countingPolicy === "all" ? "all machines" : "physical machines only";
  return `${headline.count}, cache of ${headline.cacheCapacity}, ${machines}${elsewhere}`;
}

export function clientsWords({ clientsKnown }: StatusReport): string {
  return `${clientsKnown ?? "unknown how many"} known`;
}

export function rpcWords({ rpc, drain }: StatusReport): string {
  if (rpc.endpoints.length === 0) return "not listening";
  const serving = rpc.serving ? "serving" : rpc.draining ? drainWords(drain) : "not serving";
  const where = rpc.endpoints.map(formatEndpoint).join(" ");
  return `${serving} on ${where}, ${rpc.connections} connections`;
}

/** HOST-12: with the number still to move. */
function drainWords(drain: StatusReport["drain"]): string {
  if (drain?.clientsToMove === undefined) return "draining";
  return `draining (${drain.clientsToMove} clients still to move)`;
}

export function dnsWords({ dns }: StatusReport): string {
  const publishing = dns.publishing ? `publishing in ${dns.zones.join(" ")}` : "publishing nothing";
  if (!dns.enabled) return `server off, ${publishing}`;
  const where = dns.endpoints.map(formatEndpoint).join(" ");
  return where === "" ? "not listening" : `${publishing}, on ${where}`;
}

export function storeWords({ store }: StatusReport): string {
  const reason = store.reason === undefined ? "" : ` (${store.reason})`;
  return `${store.state}${reason}, ${store.path}`;
}
