import { described } from "../api/describe.ts";
import { statusSchema } from "../api/reports.ts";
import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { statusView } from "../status-view.ts";

/** `GET /status` and, the same, `GET /api/v1/status`: the state of the host as JSON. */
export function statusRoutes(sources: HttpSources): readonly Route[] {
  return ["/status", "/api/v1/status"].map((path) => ({
    path,
    methods: {
      GET: [
        described({
          summary: "The state of the host",
          tag: "status",
          content: { "application/json": statusSchema },
        }),
        async () => jsonResponse(statusView(await sources.status(), sources.version())),
      ],
    },
  }));
}
