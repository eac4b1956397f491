import { described } from "../api/describe.ts";
import { historyParameters, readParameters } from "../api/parameters.ts";
import { historySampleSchema, historySchema } from "../api/reports.ts";
import { answerTable, tableContent } from "../api/table.ts";
import { problemResponse } from "../problems.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { isoTime } from "../status-view.ts";

/** `GET /api/v1/history`: count and requests over time. */
export function historyRoute({ history }: HttpSources): Route {
  return {
    path: "/api/v1/history",
    methods: {
      GET: [
        described({
          summary: "Count, clients and requests by the minute of a day or the hour of 90 days",
          tag: "status",
          content: tableContent(historySchema),
          parameters: historyParameters,
          problems: ["invalid-request"],
        }),
        (context) => {
          const read = readParameters(historyParameters, context.req.queries());
          if (!read.ok) return problemResponse("invalid-request", { detail: read.error });
          const { resolution, format } = read.value;
          return answerTable(context, format, async () => {
            const items = history(resolution).map((sample) => {
              return { ...sample, time: isoTime(sample.time) };
            });
            return {
              document: { resolution, items },
              columns: Object.keys(historySampleSchema.shape),
              rows: () => items,
            };
          });
        },
      ],
    },
  };
}
