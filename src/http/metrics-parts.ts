/** Metrics of the parts: queue, RPC, DNS, HTTP, process. */
import type { Registry } from "prom-client";
import { formatHresult } from "../protocol/hresult.ts";
import type { MetricsReport, RelayFigures } from "./metrics-report.ts";
import { addReadMetrics, type ReadMetric, type Sample, single } from "./metrics-set.ts";
import type { Eventually } from "./sources.ts";

export function addPartMetrics(registry: Registry, report: () => Eventually<MetricsReport>): void {
  const listeners = [...RPC_METRICS, ...DNS_METRICS, ...RELAY_METRICS, ...HTTP_METRICS];
  addReadMetrics(registry, async () => report(), [
    ...PROCESS_METRICS,
    ...QUEUE_METRICS,
    ...listeners,
  ]);
}

const PROCESS_METRICS: readonly ReadMetric<MetricsReport>[] = [
  {
    name: "process_resident_memory_bytes",
    help: "Resident memory",
    kind: "gauge",
    read: (report) => single(report.process.residentOctets),
  },
  {
    name: "process_cpu_seconds_total",
    help: "Processor time, user and system",
    kind: "counter",
    read: (report) => single(report.process.cpuSeconds),
  },
];

const HTTP_METRICS: readonly ReadMetric<MetricsReport>[] = [
  {
    name: "muster_http_requests_in_work",
    help: "Requests to this service without a response yet",
    kind: "gauge",
    read: ({ http }) => single(http.requestsInWork),
  },
  {
    name: "muster_http_connections",
    help: "Open connections to this service",
    kind: "gauge",
    read: ({ http }) => single(http.connectionsOpen),
  },
  {
    name: "muster_http_connections_cut_total",
    help: "Connections to this service that were cut, since the start",
    kind: "counter",
    labelNames: ["reason"],
    read: ({ http }) => [
      [{ reason: "limit" }, http.connectionsRefused],
      [{ reason: "stalled" }, http.connectionsStalled],
    ],
  },
];

const QUEUE_METRICS: readonly ReadMetric<MetricsReport>[] = [
  {
    name: "muster_requests_waiting",
    help: "Activation requests that wait for a commit",
    kind: "gauge",
    read: ({ queue }) => single(queue.waiting),
  },
  {
    name: "muster_requests_shed_total",
    help: "Activation requests answered without being stored, since the start",
    kind: "counter",
    labelNames: ["reason"],
    read: ({ queue }) => [
      [{ reason: "busy" }, queue.refusedBusy],
      [{ reason: "store" }, queue.refusedByStore],
    ],
  },
  {
    name: "muster_observations_lost_total",
    help: "Observed requests of genuine clients that found no room, since the start",
    kind: "counter",
    read: ({ queue }) => single(queue.observationsLost),
  },
];

const RPC_METRICS: readonly ReadMetric<MetricsReport>[] = [
  {
    name: "muster_rpc_connections",
    help: "Open connections",
    kind: "gauge",
    read: ({ rpc }) => single(rpc?.connectionsOpen),
  },
  {
    name: "muster_rpc_calls_in_flight",
    help: "Calls without an outcome yet",
    kind: "gauge",
    read: ({ rpc }) => single(rpc?.callsInFlight),
  },
  {
    name: "muster_rpc_connections_accepted_total",
    help: "Connections accepted since the start",
    kind: "counter",
    read: ({ rpc }) => single(rpc?.connectionsAccepted),
  },
  {
    name: "muster_rpc_connections_refused_total",
    help: "Connections closed as soon as they were open, since the start",
    kind: "counter",
    labelNames: ["reason"],
    read: ({ rpc }) => labelled("reason", Object.entries(rpc?.connectionsRefused ?? {})),
  },
  {
    name: "muster_rpc_connections_ended_total",
    help: "Connections that ended, since the start",
    kind: "counter",
    labelNames: ["reason"],
    read: ({ rpc }) => labelled("reason", rpc?.connectionsEnded ?? []),
  },
  {
    name: "muster_rpc_received_bytes_total",
    help: "Octets received since the start",
    kind: "counter",
    read: ({ rpc }) => single(rpc?.octetsReceived),
  },
  {
    name: "muster_rpc_sent_bytes_total",
    help: "Octets sent since the start",
    kind: "counter",
    read: ({ rpc }) => single(rpc?.octetsSent),
  },
  {
    name: "muster_rpc_faults_total",
    help: "Calls answered with a fault, since the start",
    kind: "counter",
    labelNames: ["status"],
    read: ({ rpc }) =>
      [...(rpc?.faults ?? [])].map(([status, count]) => [{ status: formatHresult(status) }, count]),
  },
  {
    name: "muster_rpc_bind_naks_total",
    help: "Binds refused as a whole, since the start",
    kind: "counter",
    labelNames: ["reason"],
    read: ({ rpc }) => labelled("reason", rpc?.bindNaks ?? []),
  },
];

const DNS_METRICS: readonly ReadMetric<MetricsReport>[] = [
  {
    name: "muster_dns_answers_total",
    help: "Queries answered since the start",
    kind: "counter",
    labelNames: ["transport", "rcode"],
    read: ({ dns }) =>
      (dns?.answers ?? []).map(({ transport, rcode, count }) => [{ transport, rcode }, count]),
  },
  {
    name: "muster_dns_dropped_total",
    help: "Messages that deserved no answer, since the start",
    kind: "counter",
    read: ({ dns }) => single(dns?.dropped),
  },
  {
    name: "muster_dns_truncated_total",
    help: "Answers cut to fit, since the start",
    kind: "counter",
    read: ({ dns }) => single(dns?.truncated),
  },
  {
    name: "muster_dns_rate_limited_total",
    help: "Queries held back for their rate, since the start",
    kind: "counter",
    read: ({ dns }) => single(dns?.rateLimited),
  },
  {
    name: "muster_dns_tcp_connections",
    help: "Open connections",
    kind: "gauge",
    read: ({ dns }) => single(dns?.tcp.open),
  },
];

const RELAY_METRICS: readonly ReadMetric<MetricsReport>[] = [
  {
    name: "muster_relay_calls_total",
    help: "Requests of genuine clients since the start, by what became of them",
    kind: "counter",
    labelNames: ["outcome"],
    read: ({ relay }) => labelled("outcome", Object.entries(relay.calls)),
  },
  {
    name: "muster_relay_calls_in_flight",
    help: "Requests of genuine clients that wait for a licensed host",
    kind: "gauge",
    read: ({ relay }) => single(relay.callsInFlight),
  },
  {
    name: "muster_relay_connections",
    help: "Genuine clients with a connection to a licensed host",
    kind: "gauge",
    read: ({ relay }) => single(relay.connections),
  },
  {
    name: "muster_relay_upstream_up",
    help: "Whether a licensed host was reached when last tried",
    kind: "gauge",
    labelNames: ["upstream"],
    read: byUpstream(({ reachable }) => (reachable === undefined ? undefined : Number(reachable))),
  },
  {
    name: "muster_relay_upstream_skipped",
    help: "Whether a licensed host is left alone after failures",
    kind: "gauge",
    labelNames: ["upstream"],
    read: byUpstream(({ breaker }) => Number(breaker === "open")),
  },
  {
    name: "muster_relay_upstream_connections_total",
    help: "Connections made to a licensed host since the start",
    kind: "counter",
    labelNames: ["upstream"],
    read: byUpstream(({ connected }) => connected),
  },
  {
    name: "muster_relay_upstream_failures_total",
    help: "Connections and calls that failed at a licensed host since the start",
    kind: "counter",
    labelNames: ["upstream"],
    read: byUpstream(({ failures }) => failures),
  },
];

/** Samples of the licensed hosts for which there is a value. */
function byUpstream(
  value: (upstream: RelayFigures["upstreams"][number]) => number | undefined,
): (report: MetricsReport) => readonly Sample[] {
  return ({ relay }) =>
    relay.upstreams.flatMap((upstream) => {
      const figure = value(upstream);
      return figure === undefined ? [] : [[{ upstream: upstream.name }, figure] as const];
    });
}

function labelled(
  name: string,
  entries: Iterable<readonly [string | number, number]>,
): readonly Sample[] {
  return [...entries].map(([value, count]) => [{ [name]: String(value) }, count]);
}
