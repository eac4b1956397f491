/**
 * Figures for Prometheus (REPORT-4): the names follow prometheus.io/docs/practices/naming, with
 * base units. No label holds a client's id, name or address: those are without number, and not
 * for all.
 */
import { addHostMetrics } from "./metrics-host.ts";
import { addPartMetrics } from "./metrics-parts.ts";
import type { MetricsReport } from "./metrics-report.ts";
import type { Observations } from "./observations.ts";
import type { Eventually, HttpSources } from "./sources.ts";

export type MetricsSources = Pick<HttpSources, "version" | "status" | "readiness" | "analyses"> & {
  readonly report: () => Eventually<MetricsReport>;
};

export type Metrics = {
  readonly contentType: string;
  /** What was observed, and everything else as it stands now. */
  readonly render: () => Promise<string>;
};

/** Takes over the registry of `observations`: once for each. */
export function createMetrics(sources: MetricsSources, { registry }: Observations): Metrics {
  addHostMetrics(registry, sources);
  addPartMetrics(registry, sources.report);
  return { contentType: registry.contentType, render: () => registry.metrics() };
}
