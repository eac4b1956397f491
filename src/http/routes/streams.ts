import type { EventItem } from "../../store/listing.ts";
import type { DetailsAccess } from "../api/access.ts";
import { described } from "../api/describe.ts";
import { readParameters, type StreamParameters, streamParameters } from "../api/parameters.ts";
import { productNames } from "../api/products.ts";
import { viewEvent } from "../api/views.ts";
import type { Live } from "../live/live.ts";
import { lastEventId, SERVER_SENT_EVENTS_MEDIA_TYPE } from "../live/server-sent-events.ts";
import { problemResponse } from "../problems.ts";
import type { Route } from "../routing.ts";
import type { HttpSources } from "../sources.ts";

const content = { [SERVER_SENT_EVENTS_MEDIA_TYPE]: "text" } as const;

/** `GET /api/v1/status/stream`: the state, and each change of it. */
export function statusStreamRoute({ streams, status }: Live): Route {
  return {
    path: "/api/v1/status/stream",
    methods: {
      GET: [
        described({
          summary: "The state of the host, and each change of it, as server-sent events",
          tag: "status",
          content,
          problems: ["too-many-requests", "unavailable"],
        }),
        (context) => streams.respond(context, status.stream()),
      ],
    },
  };
}

/** `GET /api/v1/events/stream`: the event log as it grows (EVENT-5). */
export function eventStreamRoute(
  sources: HttpSources,
  access: DetailsAccess,
  { streams, events }: Live,
): Route {
  return {
    path: "/api/v1/events/stream",
    methods: {
      GET: [
        described({
          summary: "Entries of the event log as they come, as server-sent events",
          tag: "details",
          content,
          parameters: streamParameters,
          problems: ["invalid-request", "access-denied", "too-many-requests", "unavailable"],
          isProtected: true,
        }),
        access.required,
        (context) => {
          const read = readParameters(streamParameters, context.req.queries());
          if (!read.ok) return problemResponse("invalid-request", { detail: read.error });
          const after = lastEventId(context.req.header("last-event-id")) ?? read.value.since;
          const productName = productNames(sources.products());
          const fits = (item: EventItem): boolean => matches(item, read.value);
          const view = (item: EventItem) => viewEvent(item, productName);
          return streams.respond(context, events.stream(after, fits, view));
        },
      ],
    },
  };
}

/** Filtered here and not in the store: a filter that nothing fits must not read the log anew. */
function matches(item: EventItem, wanted: StreamParameters): boolean {
  const { code, result, failed, name, cmid } = wanted;
  const machineName = item.machineName?.toLowerCase() ?? "";
  return (
    (code === undefined || item.code === code) &&
    (result === undefined || item.hresult === result) &&
    (failed === undefined || (item.hresult !== 0) === failed) &&
    (cmid === undefined || item.cmid === cmid) &&
    (name === undefined || machineName.includes(name.toLowerCase()))
  );
}
