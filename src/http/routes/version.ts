import { revalidated } from "../entity-tag.ts";
import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

/** `GET /version`: which program this is. */
export function versionRoute(sources: HttpSources): Route {
  return {
    path: "/version",
    methods: { GET: [...revalidated, () => jsonResponse(sources.version())] },
  };
}
