import { described } from "../api/describe.ts";
import { hostReport } from "../host-report.ts";
import { textResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

/** `GET /status.txt`: the report in the form of `/dlv` (HOST-9). */
export function statusTextRoute(sources: HttpSources): Route {
  return {
    path: "/status.txt",
    methods: {
      GET: [
        described({
          summary: "The host's report in the form of slmgr.vbs /dlv",
          tag: "status",
          content: { "text/plain": "text" },
        }),
        async () => textResponse(hostReport(await sources.status(), sources.version())),
      ],
    },
  };
}
