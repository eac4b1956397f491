import type { DetailsAccess } from "../api/access.ts";
import { gzipped } from "../compression.ts";
import { preferredMediaType } from "../negotiate.ts";
import { gatherPageFacts } from "../page/facts.ts";
import { statusPage } from "../page/status-page.ts";
import { htmlResponse, jsonResponse, textResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { statusSummary } from "../status-summary.ts";
import { statusView } from "../status-view.ts";

const OFFERED = ["text/plain", "text/html", "application/json"] as const;

/** `GET /`: ten lines for curl, a page for browsers, and JSON for who asks for it. */
export function rootRoute(sources: HttpSources, access: DetailsAccess): Route {
  return {
    path: "/",
    methods: {
      GET: [
        gzipped,
        async (context) => {
          const { req } = context;
          const response = await answer(preferredMediaType(req.header("accept"), OFFERED), {
            sources,
            showsDetails: access.allows(context),
            url: new URL("/", req.url).href,
          });
          response.headers.set("vary", "Accept");
          return response;
        },
      ],
    },
  };
}

type Asked = {
  readonly sources: HttpSources;
  readonly showsDetails: boolean;
  readonly url: string;
};

async function answer(
  type: (typeof OFFERED)[number],
  { sources, showsDetails, url }: Asked,
): Promise<Response> {
  if (type === "text/html") {
    return htmlResponse(statusPage(await gatherPageFacts(sources, showsDetails, url)));
  }
  const status = await sources.status();
  const version = sources.version();
  return type === "text/plain"
    ? textResponse(statusSummary(status, version, await sources.readiness()))
    : jsonResponse(statusView(status, version));
}
