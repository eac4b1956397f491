import type { Metrics } from "../metrics.ts";
import type { Route } from "../routing.ts";

/** `GET /metrics`: every figure in the text form of Prometheus (REPORT-4). */
export function metricsRoute(metrics: Metrics): Route {
  return {
    path: "/metrics",
    methods: {
      GET: [
        async () =>
          new Response(await metrics.render(), {
            headers: { "content-type": metrics.contentType },
          }),
      ],
    },
  };
}
