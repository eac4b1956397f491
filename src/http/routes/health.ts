import { described } from "../api/describe.ts";
import { readinessSchema } from "../api/reports.ts";
import { jsonResponse, textResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

/** `GET /healthz`: the process answers. No part is looked at, so a sick one restarts nobody. */
export function livenessRoute(): Route {
  return {
    path: "/healthz",
    methods: {
      GET: [
        described({
          summary: "Whether the process answers",
          tag: "service",
          content: { "text/plain": "text" },
        }),
        () => textResponse(["ok"]),
      ],
    },
  };
}

/** `GET /readyz`: 200 where every part works, else 503; either way each part, and why not. */
export function readinessRoute(sources: HttpSources): Route {
  return {
    path: "/readyz",
    methods: {
      GET: [
        described({
          summary: "Whether every part works",
          also: { 503: "A part does not work" },
          tag: "service",
          content: { "application/json": readinessSchema },
        }),
        async () => {
          const parts = await sources.readiness();
          const ready = parts.every((part) => part.ready);
          return jsonResponse({ ready, parts }, ready ? 200 : 503);
        },
      ],
    },
  };
}
