/** The event log as it grows (EVENT-5): read from the store, from wherever a stream goes on. */
import type { EventItem } from "../../store/listing.ts";
import type { HttpSources } from "../sources.ts";
import { Bell } from "./bell.ts";
import { heartbeat, message } from "./server-sent-events.ts";
import type { NextText } from "./stream-set.ts";

type FeedSources = Pick<HttpSources, "events" | "onStored">;

/** Entries of one message batch. */
const BATCH = 100;
/** Between two batches of one stream: no more than 2,000 entries a second. */
const BATCH_MILLISECONDS = 50;
/** Commits within so long are told together. */
const QUIET_MILLISECONDS = 100;
export const HEARTBEAT_MILLISECONDS = 5000;

/** Entries in their order, and how far was looked. */
type Batch = { readonly items: readonly EventItem[]; readonly end: number };

export type EventFilter = (item: EventItem) => boolean;

export class EventFeed {
  readonly #sources: FeedSources;
  readonly #bell = new Bell(QUIET_MILLISECONDS);
  readonly #unsubscribe: () => void;
  #newest: number | undefined;
  #lastRead: { readonly after: number; readonly batch: Promise<Batch> } | undefined;

  constructor(sources: FeedSources) {
    this.#sources = sources;
    this.#unsubscribe = sources.onStored((newest) => {
      this.#newest = newest;
      this.#lastRead = undefined;
      this.#bell.ring();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  /**
   * A stream of the entries behind `after`, or of those to come where it is undefined. An id that
   * was never given (the log of another installation) counts as none.
   */
  stream(
    after: number | undefined,
    fits: EventFilter,
    view: (item: EventItem) => unknown,
  ): NextText {
    let cursor: number | undefined;
    let notBefore = 0;
    return async (signal) => {
      const deadline = performance.now() + HEARTBEAT_MILLISECONDS;
      cursor ??= await this.#start(after);
      while (!signal.aborted) {
        const { rings } = this.#bell;
        const until = Math.min(notBefore, deadline);
        if (until > performance.now()) await Bun.sleep(until - performance.now());
        notBefore = performance.now() + BATCH_MILLISECONDS;
        const { items, end } = await this.#after(cursor);
        cursor = end;
        const text = items.filter(fits).map((item) => message(view(item), item.id));
        if (text.length > 0) return text.join("");
        const left = deadline - performance.now();
        if (left <= 0) return heartbeat(cursor);
        if (items.length < BATCH) await this.#bell.wait(rings, left, signal);
      }
      return "";
    };
  }

  async #start(after: number | undefined): Promise<number> {
    if (this.#newest === undefined) {
      const { items } = await this.#sources.events({ limit: 1 });
      this.#newest ??= items[0]?.id ?? 0;
    }
    return Math.min(after ?? Number.POSITIVE_INFINITY, this.#newest);
  }

  /** Streams that are up to date ask for the same: it is read once. */
  #after(cursor: number): Promise<Batch> {
    const newest = this.#newest ?? 0;
    if (cursor >= newest) return Promise.resolve({ items: [], end: cursor });
    if (this.#lastRead?.after !== cursor) {
      this.#lastRead = { after: cursor, batch: this.#read(cursor, newest) };
    }
    return this.#lastRead.batch;
  }

  /** A store that cannot be read now is asked again after the next commit or heartbeat. */
  async #read(after: number, newest: number): Promise<Batch> {
    try {
      const { items } = await this.#sources.events({ after, limit: BATCH });
      // Ids have gaps where retention took entries: behind the last one there is nothing more.
      const end = items.length < BATCH ? newest : after;
      return { items, end: Math.max(end, items.at(-1)?.id ?? 0) };
    } catch {
      this.#lastRead = undefined;
      return { items: [], end: after };
    }
  }
}
