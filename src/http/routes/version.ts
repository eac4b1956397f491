import { described } from "../api/describe.ts";
import { versionSchema } from "../api/reports.ts";
import { revalidated } from "../entity-tag.ts";
import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

/** `GET /version`: which program this is. */
export function versionRoute(sources: HttpSources): Route {
  return {
    path: "/version",
    methods: {
      GET: [
        described({
          summary: "Which program this is",
          tag: "service",
          content: { "application/json": versionSchema },
        }),
        ...revalidated,
        () => jsonResponse(sources.version()),
      ],
    },
  };
}
