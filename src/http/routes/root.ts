import { preferredMediaType } from "../negotiate.ts";
import { statusPage } from "../page/status-page.ts";
import { htmlResponse, jsonResponse, textResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { statusSummary } from "../status-summary.ts";
import { statusView } from "../status-view.ts";

const OFFERED = ["text/plain", "text/html", "application/json"] as const;

/** `GET /`: ten lines for curl, a page for browsers, and JSON for who asks for it. */
export function rootRoute(sources: HttpSources): Route {
  return {
    path: "/",
    methods: {
      GET: [
        async ({ req }) => {
          const response = await answer(preferredMediaType(req.header("accept"), OFFERED), sources);
          response.headers.set("vary", "Accept");
          return response;
        },
      ],
    },
  };
}

async function answer(type: (typeof OFFERED)[number], sources: HttpSources): Promise<Response> {
  const status = await sources.status();
  const version = sources.version();
  switch (type) {
    case "text/plain":
      return textResponse(statusSummary(status, version, await sources.readiness()));
    case "text/html":
      return htmlResponse(statusPage(status, version, await sources.readiness()));
    case "application/json":
      return jsonResponse(statusView(status, version));
  }
}
