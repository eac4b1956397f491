import type { EventQuery } from "../../store/listing.ts";
import type { DetailsAccess } from "../api/access.ts";
import { described } from "../api/describe.ts";
import { answerListing, listingContent } from "../api/listing.ts";
import {
  type EventParameters,
  eventParameters,
  readParameters,
  withoutUndefined,
} from "../api/parameters.ts";
import { productNames } from "../api/products.ts";
import { eventView, viewEvent } from "../api/views.ts";
import { problemResponse } from "../problems.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

/** `GET /api/v1/events`: the event log (EVENT-5). */
export function eventsRoute(sources: HttpSources, access: DetailsAccess): Route {
  return {
    path: "/api/v1/events",
    methods: {
      GET: [
        described({
          summary: "Entries of the event log, page by page",
          tag: "details",
          content: listingContent(eventView),
          parameters: eventParameters,
          problems: ["invalid-request", "access-denied", "unavailable"],
          isProtected: true,
        }),
        access.required,
        async (context) => {
          const read = readParameters(eventParameters, context.req.queries());
          if (!read.ok) return problemResponse("invalid-request", { detail: read.error });
          const { format, since, from, before, cmid } = read.value;
          if (since !== undefined && (from ?? before ?? cmid) !== undefined) {
            const detail = "since: does not go with from, before or cmid";
            return problemResponse("invalid-request", { detail });
          }
          const query = eventQuery(read.value);
          const productName = productNames(sources.products());
          return answerListing(context, format, eventView, async () => {
            const { items, next } = await sources.events(query);
            return { items: items.map((item) => viewEvent(item, productName)), next };
          });
        },
      ],
    },
  };
}

function eventQuery(parameters: EventParameters): EventQuery {
  const { format: _format, after, since, name, result, ...same } = parameters;
  return withoutUndefined({
    ...same,
    cursor: after,
    after: since,
    nameContains: name,
    hresult: result,
  });
}
