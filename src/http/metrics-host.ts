/** Metrics of the host: count, cache, inventory, requests, licence, readiness. */
import type { Registry } from "prom-client";
import type { StandingAlert } from "../analysis/alerts.ts";
import { LICENCE_STATES } from "../protocol/types.ts";
import { addReadMetrics, type ReadMetric, type Sample, single } from "./metrics-set.ts";
import type { ApplicationReport, HttpSources, PartReadiness, StatusReport } from "./sources.ts";

type HostSource = { readonly status: StatusReport; readonly parts: readonly PartReadiness[] };

export function addHostMetrics(
  registry: Registry,
  sources: Pick<HttpSources, "version" | "status" | "readiness" | "analyses">,
): void {
  const { version, commit } = sources.version();
  addReadMetrics(registry, async () => undefined, [
    {
      name: "muster_build_info",
      help: "Which program this is; always 1",
      kind: "gauge",
      labelNames: ["version", "commit"],
      read: () => [[{ version, commit }, 1]],
    },
  ]);
  const read = async (): Promise<HostSource> => ({
    status: await sources.status(),
    parts: await sources.readiness(),
  });
  addReadMetrics(registry, async () => sources.analyses.alerts(), [ALERT_METRIC]);
  addReadMetrics(registry, read, [...COUNT_METRICS, ...REQUEST_METRICS, ...STATE_METRICS]);
}

const ALERT_METRIC: ReadMetric<readonly StandingAlert[]> = {
  name: "muster_alerts",
  help: "Alerts that stand, by kind and severity",
  kind: "gauge",
  labelNames: ["kind", "severity"],
  read: (alerts) =>
    [...Map.groupBy(alerts, ({ kind, severity }) => `${kind} ${severity}`).values()].map((same) => [
      { kind: same[0]?.kind ?? "", severity: same[0]?.severity ?? "" },
      same.length,
    ]),
};

/** Application ids are few: those of the catalogue, and a bounded number beyond. */
function byApplication(
  value: (application: ApplicationReport) => number,
): (source: HostSource) => readonly Sample[] {
  return ({ status }) =>
    status.applications.map((entry) => [{ application: entry.applicationId }, value(entry)]);
}

const COUNT_METRICS: readonly ReadMetric<HostSource>[] = [
  {
    name: "muster_counted_clients",
    help: "Count that replies say, towards the clients' thresholds",
    kind: "gauge",
    labelNames: ["application"],
    read: byApplication(({ count }) => count),
  },
  {
    name: "muster_cache_capacity",
    help: "Clients that the cache holds at most",
    kind: "gauge",
    labelNames: ["application"],
    read: byApplication(({ cacheCapacity }) => cacheCapacity),
  },
  {
    name: "muster_required_clients",
    help: "Largest threshold that clients asked for",
    kind: "gauge",
    labelNames: ["application"],
    read: byApplication(({ largestRequiredCount }) => largestRequiredCount),
  },
  {
    name: "muster_clients",
    help: "Clients in the inventory",
    kind: "gauge",
    read: ({ status }) => single(status.clientsKnown),
  },
];

const REQUEST_METRICS: readonly ReadMetric<HostSource>[] = [
  {
    name: "muster_requests_total",
    help: "Activation requests since the installation, by outcome",
    kind: "counter",
    labelNames: ["outcome"],
    read: ({ status: { requests } }) => [
      [{ outcome: "served" }, Math.max(0, requests.total - requests.failed)],
      [{ outcome: "failed" }, requests.failed],
    ],
  },
  {
    name: "muster_requests_by_licence_state_total",
    help: "Served requests since the installation, by the state that the client reported",
    kind: "counter",
    labelNames: ["state"],
    read: ({ status: { requests } }) =>
      LICENCE_STATES.map((state) => [{ state }, requests.byLicenceState[state]]),
  },
];

const STATE_METRICS: readonly ReadMetric<HostSource>[] = [
  {
    name: "muster_licensed",
    help: "Whether the host is licensed",
    kind: "gauge",
    labelNames: ["self_issued"],
    read: ({ status: { host } }) => [
      [{ self_issued: String(host.selfIssued) }, Number(host.licenceStatus === "licensed")],
    ],
  },
  {
    name: "muster_ready",
    help: "Whether a part works",
    kind: "gauge",
    labelNames: ["part"],
    read: ({ parts }) => parts.map(({ part, ready }) => [{ part }, Number(ready)]),
  },
  {
    name: "muster_store_up",
    help: "Whether the store can commit",
    kind: "gauge",
    read: ({ status }) => single(Number(status.store.state === "ok")),
  },
  {
    name: "muster_dns_publishing",
    help: "Whether the SRV record of this host is published",
    kind: "gauge",
    read: ({ status }) => single(Number(status.dns.publishing)),
  },
  {
    name: "muster_draining",
    help: "Whether the host sends its clients to others",
    kind: "gauge",
    read: ({ status }) => single(Number(status.rpc.draining)),
  },
  {
    name: "muster_warnings",
    help: "Warnings that stand, by code",
    kind: "gauge",
    labelNames: ["code"],
    read: ({ status }) =>
      [...Map.groupBy(status.warnings, ({ code }) => code)].map(([code, warnings]) => [
        { code },
        warnings.length,
      ]),
  },
  {
    name: "process_start_time_seconds",
    help: "Start of the process, in seconds since the Unix epoch",
    kind: "gauge",
    read: ({ status }) => single(status.startedAt / 1000),
  },
];
