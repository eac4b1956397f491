/** The metrics of the running parts. */
import type { ActivationHost } from "../host/activation-host.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { MetricsReport } from "./metrics-report.ts";
import type { Observations } from "./observations.ts";
import type { HttpSources } from "./sources.ts";

/** Functions: asked anew for each scrape. */
export type MeasuredParts = {
  readonly host: Pick<ActivationHost, "snapshot">;
  readonly rpc: () => MetricsReport["rpc"];
  readonly dns: () => MetricsReport["dns"];
  readonly relay: () => MetricsReport["relay"];
  readonly http: () => MetricsReport["http"];
};

const MICROSECONDS_PER_SECOND = 1_000_000;

export function applianceMetrics(
  sources: HttpSources,
  observations: Observations,
  parts: MeasuredParts,
): Metrics {
  const report = (): MetricsReport => {
    const { user, system } = process.cpuUsage();
    return {
      process: {
        residentOctets: process.memoryUsage.rss(),
        cpuSeconds: (user + system) / MICROSECONDS_PER_SECOND,
      },
      queue: parts.host.snapshot(),
      rpc: parts.rpc(),
      dns: parts.dns(),
      relay: parts.relay(),
      http: parts.http(),
    };
  };
  return createMetrics({ ...sources, report }, observations);
}
