import type { HttpLimits } from "../limits.ts";
import type { HttpSources } from "../sources.ts";
import { EventFeed } from "./event-feed.ts";
import { StatusFeed } from "./status-feed.ts";
import { StreamSet } from "./stream-set.ts";

/** Everything that goes on after its response began. */
export type Live = {
  readonly streams: StreamSet;
  readonly events: EventFeed;
  readonly status: StatusFeed;
  readonly close: () => void;
};

export function createLive(sources: HttpSources, limits: HttpLimits): Live {
  const streams = new StreamSet(limits);
  const events = new EventFeed(sources);
  const status = new StatusFeed(sources);
  return {
    streams,
    events,
    status,
    close: () => {
      streams.close();
      events.close();
      status.close();
    },
  };
}
