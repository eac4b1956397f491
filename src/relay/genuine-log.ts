import { EVENT_CODE } from "../activation/events.ts";
import type { ClientItem, EventItem, Page } from "../store/listing.ts";
import type { ReadOnlyStore } from "../store/read-only.ts";
import { collectGenuineClients, type GenuineClients } from "./genuine-clients.ts";

const PAGE_ITEMS = 1000;
const SOURCES = ["observed", "relayed"] as const;

/** All genuine clients of a store: the readable ones by the inventory, the others by the log. */
export function readGenuineClients(store: ReadOnlyStore): GenuineClients {
  return collectGenuineClients(clientsOf(store), eventsOf(store));
}

function* clientsOf(store: ReadOnlyStore): Generator<ClientItem> {
  for (const source of SOURCES) {
    yield* everyPage((page) => store.clients({ source, limit: PAGE_ITEMS, ...page }));
  }
}

function* eventsOf(store: ReadOnlyStore): Generator<EventItem> {
  for (const source of SOURCES) {
    const query = { source, code: EVENT_CODE.requestHandled, limit: PAGE_ITEMS };
    yield* everyPage((page) => store.events({ ...query, ...page }));
  }
}

function* everyPage<Item>(list: (page: { cursor?: string }) => Page<Item>): Generator<Item> {
  let page = list({});
  yield* page.items;
  while (page.next !== undefined) {
    page = list({ cursor: page.next });
    yield* page.items;
  }
}
