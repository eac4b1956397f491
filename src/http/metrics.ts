/**
 * Figures for Prometheus (REPORT-4): the names follow prometheus.io/docs/practices/naming, with
 * base units. No label holds a client's id, name or address: those are without number, and not for
 * all.
 */
import { Counter, Histogram, Registry } from "prom-client";
import { HRESULT } from "../protocol/hresult.ts";
import { addHostMetrics } from "./metrics-host.ts";
import { addPartMetrics } from "./metrics-parts.ts";
import type { MetricsReport } from "./metrics-report.ts";
import type { AccessEntry } from "./server.ts";
import type { Eventually, HttpSources } from "./sources.ts";

export type MetricsSources = Pick<HttpSources, "version" | "status" | "readiness"> & {
  readonly report: () => Eventually<MetricsReport>;
};

/** What is observed as it happens, and everything else as it stands when asked. */
export type Metrics = {
  /** One activation request that was answered, from its arrival to its reply. */
  readonly observeRequest: (hresult: number, seconds: number) => void;
  /** One commit: how many requests shared it, and how long it took (STORE-2). */
  readonly observeCommit: (requests: number, seconds: number) => void;
  readonly observeHttp: (entry: AccessEntry) => void;
  readonly contentType: string;
  readonly render: () => Promise<string>;
};

/** From a reply out of memory to one that waited for a slow stick. */
const DURATION_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const RESULT_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(HRESULT).map(([name, value]) => [value, name]),
);
const HTTP_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "POST", "DELETE"]);

/** One registry per appliance; nothing is global. */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requestDuration = new Histogram({
    name: "muster_request_duration_seconds",
    help: "From the arrival of an activation request to its reply",
    labelNames: ["outcome"],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: "muster_refusals_total",
    help: "Activation requests refused since the start, by the reason in the reply",
    labelNames: ["reason"],
    registers,
  });
  const commitDuration = new Histogram({
    name: "muster_commit_duration_seconds",
    help: "Time of one commit to the store",
    buckets: DURATION_BUCKETS,
    registers,
  });
  const commitRequests = new Histogram({
    name: "muster_commit_requests",
    help: "Requests that shared one commit",
    buckets: BATCH_BUCKETS,
    registers,
  });
  const httpRequests = new Counter({
    name: "muster_http_requests_total",
    help: "Requests to this service since the start",
    labelNames: ["method", "code"],
    registers,
  });
  addHostMetrics(registry, sources);
  addPartMetrics(registry, sources.report);
  return {
    observeRequest: (hresult, seconds) => {
      const served = hresult === HRESULT.success;
      requestDuration.observe({ outcome: served ? "served" : "refused" }, seconds);
      if (!served) refusals.inc({ reason: refusalReason(hresult) });
    },
    observeCommit: (requests, seconds) => {
      commitDuration.observe(seconds);
      commitRequests.observe(requests);
    },
    observeHttp: ({ method, status }) => {
      httpRequests.inc({ method: HTTP_METHODS.has(method) ? method : "other", code: status });
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

/** Our own name of the code. Codes come from us or a relayed host: those we do not know are one. */
function refusalReason(hresult: number): string {
  return RESULT_NAMES.get(hresult) ?? "other";
}
