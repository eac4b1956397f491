import { viewAlert, viewDuplicate, viewForecast } from "../../analysis/views.ts";
import type { DetailsAccess } from "../api/access.ts";
import { alertSchema, alertsSchema, duplicatesSchema, forecastsSchema } from "../api/analyses.ts";
import { described, type RouteDescription } from "../api/describe.ts";
import { readParameters, tableParameters } from "../api/parameters.ts";
import { answerTable, type Tabular, tableContent } from "../api/table.ts";
import { problemResponse } from "../problems.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { isoTime } from "../status-view.ts";

/** What was judged of clients and count; it names machines, so it is for whom may see them. */
export function analysisRoutes({ analyses }: HttpSources, access: DetailsAccess): readonly Route[] {
  return [
    analysisRoute("/api/v1/alerts", "What the operator has to look at (REPORT-3)", {
      access,
      schema: alertsSchema,
      readsStore: false,
      read: async () => {
        const items = analyses.alerts().map(viewAlert);
        return {
          document: { items },
          columns: Object.keys(alertSchema.shape),
          rows: () => items,
        };
      },
    }),
    analysisRoute("/api/v1/duplicates", "Client ids that several machines share (COUNT-10)", {
      access,
      schema: duplicatesSchema,
      read: () => readDuplicates(analyses),
    }),
    analysisRoute("/api/v1/forecast", "When the count falls below a threshold (COUNT-11)", {
      access,
      schema: forecastsSchema,
      read: () => readForecasts(analyses),
    }),
  ];
}

const UNAVAILABLE = ["unavailable"] as const;

type Analysis = {
  readonly access: DetailsAccess;
  readonly schema: Parameters<typeof tableContent>[0];
  readonly read: () => Promise<Tabular>;
  /** Without it, it has no 503. */
  readonly readsStore?: boolean;
};

function analysisRoute(path: string, summary: string, analysis: Analysis): Route {
  const { access, schema, read, readsStore = true } = analysis;
  const description: RouteDescription = {
    summary,
    tag: "reports",
    content: tableContent(schema),
    parameters: tableParameters,
    problems: ["invalid-request", "access-denied", ...(readsStore ? UNAVAILABLE : [])],
    isProtected: true,
  };
  return {
    path,
    methods: {
      GET: [
        described(description),
        access.required,
        async (context) => {
          const parameters = readParameters(tableParameters, context.req.queries());
          return parameters.ok
            ? answerTable(context, parameters.value.format, read)
            : problemResponse("invalid-request", { detail: parameters.error });
        },
      ],
    },
  };
}

/** In the table, one row for each machine. */
async function readDuplicates(analyses: HttpSources["analyses"]): Promise<Tabular> {
  const { asOf, value } = await analyses.duplicates();
  const items = value.map(viewDuplicate);
  return {
    document: { asOf: isoTime(asOf), items },
    columns: [
      ...["cmid", "applicationId", "certainty", "evidence"],
      ...["machineName", "address", "lastSeen"],
    ],
    rows: () =>
      items.flatMap(({ machines, message: _message, ...shared }) =>
        machines.map((machine) => ({ ...shared, ...machine })),
      ),
  };
}

/** In the table, one row for each threshold. */
async function readForecasts(analyses: HttpSources["analyses"]): Promise<Tabular> {
  const { asOf, value } = await analyses.forecasts();
  const items = value.map(viewForecast);
  return {
    document: { asOf: isoTime(asOf), items },
    columns: [
      ...["applicationId", "count", "capacity", "silent"],
      ...["threshold", "outlook", "at", "leavingTotal"],
    ],
    rows: () =>
      items.flatMap(({ thresholds, ...application }) =>
        thresholds.map(({ leaving: _leaving, ...threshold }) => ({ ...application, ...threshold })),
      ),
  };
}
