import type { DetailsAccess } from "../api/access.ts";
import type { Live } from "../live/live.ts";
import type { Metrics } from "../metrics.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { analysisRoutes } from "./analyses.ts";
import { assetRoutes } from "./assets.ts";
import { clientDetailsRoute } from "./client-details.ts";
import { clientsRoute } from "./clients.ts";
import { dnsRoute } from "./dns.ts";
import { eventsRoute } from "./events.ts";
import { livenessRoute, readinessRoute } from "./health.ts";
import { historyRoute } from "./history.ts";
import { metricsRoute } from "./metrics.ts";
import { problemRoutes } from "./problems.ts";
import { productsRoute } from "./products.ts";
import { activityRoute, licensingRoute } from "./reports.ts";
import { rootRoute } from "./root.ts";
import { signInRoute } from "./sign-in.ts";
import { statusRoutes } from "./status.ts";
import { statusTextRoute } from "./status-text.ts";
import { eventStreamRoute, statusStreamRoute } from "./streams.ts";
import { versionRoute } from "./version.ts";

export type RouteOptions = {
  readonly metrics: Metrics | undefined;
  readonly access: DetailsAccess;
  readonly live: Live;
};

/** Every resource of the service. A new one is a file and a line here. */
export function allRoutes(
  sources: HttpSources,
  { metrics, access, live }: RouteOptions,
): readonly Route[] {
  return [
    rootRoute(sources, access),
    ...statusRoutes(sources),
    statusTextRoute(sources),
    clientsRoute(sources, access),
    clientDetailsRoute(sources, access),
    eventsRoute(sources, access),
    statusStreamRoute(live),
    eventStreamRoute(sources, access, live),
    historyRoute(sources),
    activityRoute(sources),
    licensingRoute(sources, access),
    ...analysisRoutes(sources, access),
    productsRoute(sources),
    dnsRoute(sources),
    livenessRoute(),
    readinessRoute(sources),
    versionRoute(sources),
    signInRoute(access),
    ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
    ...problemRoutes(),
    ...assetRoutes(),
  ];
}
