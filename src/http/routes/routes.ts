import type { Metrics } from "../metrics.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { assetRoutes } from "./assets.ts";
import { livenessRoute, readinessRoute } from "./health.ts";
import { metricsRoute } from "./metrics.ts";
import { problemRoutes } from "./problems.ts";
import { rootRoute } from "./root.ts";
import { statusRoute } from "./status.ts";
import { statusTextRoute } from "./status-text.ts";
import { versionRoute } from "./version.ts";

/** Every resource of the service. A new one is a file and a line here. */
export function allRoutes(sources: HttpSources, metrics: Metrics | undefined): readonly Route[] {
  return [
    rootRoute(sources),
    statusRoute(sources),
    statusTextRoute(sources),
    livenessRoute(),
    readinessRoute(sources),
    versionRoute(sources),
    ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
    ...problemRoutes(),
    ...assetRoutes(),
  ];
}
