import { viewLicensing } from "../../analysis/views.ts";
import { LICENCE_STATES } from "../../protocol/types.ts";
import type { DetailsAccess } from "../api/access.ts";
import { activityRowSchema, activitySchema, licensingSchema } from "../api/analyses.ts";
import { described } from "../api/describe.ts";
import { activityParameters, readParameters, tableParameters } from "../api/parameters.ts";
import { productNames } from "../api/products.ts";
import { answerTable, tableContent } from "../api/table.ts";
import { problemResponse } from "../problems.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { isoTime } from "../status-view.ts";

/** `GET /api/v1/reports/activity`: the KMS Activity Summary of the case study (REPORT-1). */
export function activityRoute({ analyses }: HttpSources): Route {
  return {
    path: "/api/v1/reports/activity",
    methods: {
      GET: [
        described({
          summary: "New activations and renewals by day and product",
          tag: "reports",
          content: tableContent(activitySchema),
          parameters: activityParameters,
          problems: ["invalid-request", "unavailable"],
        }),
        async (context) => {
          const read = readParameters(activityParameters, context.req.queries());
          if (!read.ok) return problemResponse("invalid-request", { detail: read.error });
          const { days, format } = read.value;
          return answerTable(context, format, async () => {
            const { asOf, value: items } = await analyses.activity(days);
            return {
              document: { asOf: isoTime(asOf), items },
              columns: Object.keys(activityRowSchema.shape),
              rows: () => items,
            };
          });
        },
      ],
    },
  };
}

/** `GET /api/v1/reports/licensing`: the Licensing Status Summary of the case study (REPORT-2). */
export function licensingRoute({ analyses, products }: HttpSources, access: DetailsAccess): Route {
  return {
    path: "/api/v1/reports/licensing",
    methods: {
      GET: [
        described({
          summary: "Machines by state and product, and which are about to expire",
          tag: "reports",
          content: tableContent(licensingSchema),
          parameters: tableParameters,
          problems: ["invalid-request", "unavailable"],
        }),
        async (context) => {
          const read = readParameters(tableParameters, context.req.queries());
          if (!read.ok) return problemResponse("invalid-request", { detail: read.error });
          return answerTable(context, read.value.format, async () => {
            const { asOf, value } = await analyses.licensing();
            const { expiring, ...figures } = viewLicensing(value, productNames(products()));
            const shown = access.allows(context) ? expiring : null;
            return {
              document: { asOf: isoTime(asOf), ...figures, expiring: shown },
              columns: ["activationId", "product", ...LICENCE_STATES],
              rows: () => figures.byProduct.map(({ byState, ...row }) => ({ ...row, ...byState })),
            };
          });
        },
      ],
    },
  };
}
