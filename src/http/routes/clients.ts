import type { ClientQuery } from "../../store/listing.ts";
import type { DetailsAccess } from "../api/access.ts";
import { described } from "../api/describe.ts";
import { answerListing, listingContent } from "../api/listing.ts";
import {
  type ClientParameters,
  clientParameters,
  readParameters,
  withoutUndefined,
} from "../api/parameters.ts";
import { activationIdOf, productNames } from "../api/products.ts";
import { clientView, viewClient } from "../api/views.ts";
import { problemResponse } from "../problems.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

/** `GET /api/v1/clients`: the inventory (COUNT-9). */
export function clientsRoute(sources: HttpSources, access: DetailsAccess): Route {
  return {
    path: "/api/v1/clients",
    methods: {
      GET: [
        described({
          summary: "Clients of the inventory, page by page",
          tag: "details",
          content: listingContent(clientView),
          parameters: clientParameters,
          problems: ["invalid-request", "access-denied", "unavailable"],
          isProtected: true,
        }),
        access.required,
        async (context) => {
          const read = readParameters(clientParameters, context.req.queries());
          if (!read.ok) return problemResponse("invalid-request", { detail: read.error });
          const products = sources.products();
          const { product, format } = read.value;
          const activationId = product === undefined ? "" : activationIdOf(product, products);
          if (activationId === undefined) {
            const detail = "product: the catalogue has none of this name";
            return problemResponse("invalid-request", { detail });
          }
          const query = clientQuery(read.value, activationId === "" ? undefined : activationId);
          const productName = productNames(products);
          return answerListing(context, format, clientView, async () => {
            const { items, next } = await sources.clients(query);
            return { items: items.map((item) => viewClient(item, productName)), next };
          });
        },
      ],
    },
  };
}

function clientQuery(parameters: ClientParameters, activationId: string | undefined): ClientQuery {
  const {
    format: _format,
    product: _product,
    after,
    name,
    application,
    state,
    ...same
  } = parameters;
  return withoutUndefined({
    ...same,
    cursor: after,
    namePrefix: name,
    activationId,
    applicationId: application,
    licenceState: state,
  });
}
