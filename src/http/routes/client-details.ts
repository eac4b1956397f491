import { viewExplanation } from "../../analysis/views.ts";
import { parseGuid } from "../../protocol/guid.ts";
import type { DetailsAccess } from "../api/access.ts";
import { clientDetailsSchema } from "../api/analyses.ts";
import { described } from "../api/describe.ts";
import { storeFailure } from "../api/listing.ts";
import { pathParameters } from "../api/parameters.ts";
import { productNames } from "../api/products.ts";
import { viewClient } from "../api/views.ts";
import { problemResponse } from "../problems.ts";
import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";
import { isoTime } from "../status-view.ts";

/** `GET /api/v1/clients/:id`: one machine, and why it is activated or not. */
export function clientDetailsRoute(
  { analyses, products }: HttpSources,
  access: DetailsAccess,
): Route {
  return {
    path: "/api/v1/clients/:id",
    methods: {
      GET: [
        described({
          summary: "One client by its id, and why it is activated or not",
          tag: "details",
          content: { "application/json": clientDetailsSchema },
          path: pathParameters,
          problems: ["invalid-request", "access-denied", "not-found", "unavailable"],
          isProtected: true,
        }),
        access.required,
        async (context) => {
          const cmid = context.req.param("id")?.toLowerCase() ?? "";
          if (parseGuid(cmid) === undefined) {
            return problemResponse("invalid-request", { detail: "id: not a GUID" });
          }
          try {
            const { entries, names } = await analyses.client(cmid);
            if (entries.length === 0) {
              return problemResponse("not-found", { detail: "No client has this id." });
            }
            const productName = productNames(products());
            return jsonResponse({
              cmid,
              entries: entries.map(({ client, explanation }) => ({
                client: viewClient(client, productName),
                explanation: viewExplanation(explanation),
              })),
              names: names.map(({ firstSeen, lastSeen, ...name }) => {
                return { ...name, firstSeen: isoTime(firstSeen), lastSeen: isoTime(lastSeen) };
              }),
            });
          } catch (error) {
            return storeFailure(error);
          }
        },
      ],
    },
  };
}
