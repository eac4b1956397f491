import { described } from "../api/describe.ts";
import type { Metrics } from "../metrics.ts";
import type { Route } from "../routing.ts";

/** `GET /metrics`: every figure in the text form of Prometheus (REPORT-4). */
export function metricsRoute(metrics: Metrics): Route {
  return {
    path: "/metrics",
    methods: {
      GET: [
        described({
          summary: "Every figure in the text form of Prometheus",
          tag: "status",
          content: { "text/plain": "text" },
        }),
        async () => {
          const content = await metrics.render();
          return new Response(content, { headers: { "content-type": metrics.contentType } });
        },
      ],
    },
  };
}
