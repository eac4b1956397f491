import type { ClientSource } from "../activation/events.ts";
import type { Guid } from "../protocol/types.ts";
import { StoreError } from "./health.ts";

/** Items of a page where the query names no number, and at most. */
export const PAGE_DEFAULT = 100;
export const PAGE_MAXIMUM = 1000;

/** `next` continues the listing behind the last item; undefined at its end. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next: string | undefined };

type PageQuery = { readonly limit?: number; readonly cursor?: string };

/** A client of the inventory (COUNT-9). Times are Unix milliseconds by the host's clock. */
export type ClientItem = {
  /** In the order of arrival. */
  readonly id: number;
  readonly cmid: Guid;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  readonly source: ClientSource;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Untrusted text. */
  readonly machineName: string;
  readonly address: string;
  readonly previousAddress: string | null;
  /** Distinct machine names, up to a limit (COUNT-10). */
  readonly namesSeen: number;
  readonly addressChanges: number;
  /** Of those, how many went back to the address before. */
  readonly addressReturns: number;
  readonly virtual: boolean;
  readonly licenceState: number;
  readonly minutesToExpiration: number;
  readonly requiredCount: number;
  /** By the client's clock. */
  readonly clientTime: number;
  readonly requests: number;
  readonly failed: number;
  /** HRESULT of the last reply, and its count. */
  readonly lastResult: number;
  readonly lastCount: number;
  readonly lastEvent: number;
};

/** All conditions hold at once. */
export type ClientQuery = PageQuery & {
  /** `lastSeen`: newest first, the default. `machineName`: by name, ASCII letters of one case. */
  readonly order?: "lastSeen" | "machineName";
  readonly cmid?: Guid;
  readonly applicationId?: Guid;
  readonly activationId?: Guid;
  readonly source?: ClientSource;
  readonly licenceState?: number;
  readonly virtual?: boolean;
  /** Beginning of the machine name, ASCII letters in either case. */
  readonly namePrefix?: string;
  readonly address?: string;
  /** Last seen at this time or later, and before that one. */
  readonly seenFrom?: number;
  readonly seenBefore?: number;
  /** Whether the last request failed. */
  readonly failed?: boolean;
  /** Only clients that were seen under several names (COUNT-10). */
  readonly severalNames?: boolean;
};

/** A name of a client that had several (COUNT-10). */
export type ClientNameItem = {
  readonly applicationId: Guid;
  readonly machineName: string;
  /** Where it last came from under this name. */
  readonly address: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly requests: number;
};

/** An entry of the event log. Client fields are null in entries that are about no client. */
export type EventItem = {
  readonly id: number;
  readonly time: number;
  readonly code: number;
  readonly hresult: number;
  readonly requiredCount: number | null;
  readonly machineName: string | null;
  readonly cmid: Guid | null;
  readonly clientTime: number | null;
  readonly virtual: boolean | null;
  readonly licenceState: number | null;
  readonly minutesToExpiration: number | null;
  readonly activationId: Guid | null;
  readonly applicationId: Guid | null;
  readonly count: number | null;
  readonly address: string | null;
  readonly source: ClientSource | null;
  readonly detail: string | null;
};

/**
 * All conditions hold at once. Newest first by id; with `from` or `before` by time. A page may
 * hold fewer items than asked for, even none, and still have a next one: where nothing but reading
 * finds a match, a page ends after so many entries read.
 */
export type EventQuery = PageQuery & {
  /** Entries after this id, oldest first, to follow the log. Not with `from`, `before`, `cmid`. */
  readonly after?: number;
  readonly from?: number;
  readonly before?: number;
  readonly cmid?: Guid;
  /** Part of the machine name, ASCII letters in either case. */
  readonly nameContains?: string;
  readonly code?: number;
  readonly source?: ClientSource;
  readonly hresult?: number;
  readonly failed?: boolean;
};

export function pageLimit(limit: number | undefined): number {
  if (limit === undefined || !Number.isFinite(limit)) return PAGE_DEFAULT;
  return Math.min(Math.max(Math.trunc(limit), 1), PAGE_MAXIMUM);
}

type CursorValue = string | number;

/** Where a listing goes on, as a text that says nothing to others. */
export function encodeCursor(values: readonly CursorValue[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

/** Cursors come back from outside: StoreError `cursor` where this is none. */
export function decodeCursor(
  cursor: string,
  kinds: readonly ("string" | "number")[],
): readonly CursorValue[] {
  const values = parseCursor(cursor);
  const fits =
    values?.length === kinds.length && kinds.every((kind, at) => isKind(values[at], kind));
  if (values === undefined || !fits) throw new StoreError("cursor", "not a cursor of this listing");
  return values as readonly CursorValue[];
}

/** As {@link decodeCursor}, for any number of event ids. */
export function decodeIdCursor(cursor: string): readonly number[] {
  const values = parseCursor(cursor);
  return decodeCursor(
    cursor,
    (values ?? [""]).map(() => "number"),
  ) as readonly number[];
}

function isKind(value: unknown, kind: "string" | "number"): boolean {
  return kind === "number" ? Number.isSafeInteger(value) : typeof value === "string";
}

function parseCursor(cursor: string): readonly unknown[] | undefined {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(values) ? values : undefined;
  } catch {
    return undefined;
  }
}
