import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { statusView } from "../status-view.ts";

/** `GET /status`: the state of the host as JSON. */
export function statusRoute(sources: HttpSources): Route {
  return {
    path: "/status",
    methods: {
      GET: [async () => jsonResponse(statusView(await sources.status(), sources.version()))],
    },
  };
}
