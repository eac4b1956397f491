import { z } from "zod";
import { described } from "../api/describe.ts";
import { productSchema } from "../api/reports.ts";
import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

/** `GET /api/v1/products`: the catalogue. */
export function productsRoute(sources: HttpSources): Route {
  return {
    path: "/api/v1/products",
    methods: {
      GET: [
        described({
          summary: "Products that the host knows",
          tag: "status",
          content: { "application/json": z.object({ items: z.array(productSchema) }) },
        }),
        () => {
          const items = sources.products().map((product) => {
            const { name, activationId, applicationId, group, threshold, kind } = product;
            return { name, activationId, applicationId, group, threshold, kind };
          });
          return jsonResponse({ items });
        },
      ],
    },
  };
}
