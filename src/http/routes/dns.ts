import { z } from "zod";
import { described } from "../api/describe.ts";
import { dnsRecordSchema, statusSchema } from "../api/reports.ts";
import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { statusView } from "../status-view.ts";

const dnsSchema = statusSchema.shape.dns.extend({ records: z.array(dnsRecordSchema) });

/** `GET /api/v1/dns`: what is published, record by record (DNS-4). */
export function dnsRoute(sources: HttpSources): Route {
  return {
    path: "/api/v1/dns",
    methods: {
      GET: [
        described({
          summary: "Zones, listeners and the records of this host",
          tag: "status",
          content: { "application/json": dnsSchema },
        }),
        async () => {
          const { dns } = statusView(await sources.status(), sources.version());
          return jsonResponse({ ...dns, records: sources.dnsRecords() });
        },
      ],
    },
  };
}
