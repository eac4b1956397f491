/** What the operator wrote down for the zones (DNS-9), with the places to complain about. */
import type { Name } from "./name.ts";
import type { ZoneErrorCode, ZoneRecord } from "./zone.ts";
import type { FilePlace } from "./zone-file.ts";

/** In a zone file, or under a key of the configuration: `["dns", "record", 2]`. */
export type RecordPlace =
  | ({ readonly kind: "file"; readonly file: string } & FilePlace)
  | { readonly kind: "key"; readonly path: readonly (string | number)[] };

/** Records of one zone file, or those of the configuration itself. */
export type RecordSource = {
  /** The file's zone; undefined where each record goes into the closest zone. */
  readonly apex: Name | undefined;
  readonly records: readonly ZoneRecord[];
  readonly placeOf: (index: number) => RecordPlace;
};

/** Another host of the same service (DNS-3). */
export type ServiceHost = {
  /** A single label in the first zone, or a full name. */
  readonly name: string;
  /** Served where the name is in a zone of ours. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
  readonly place: RecordPlace;
};

/** `what` is a sentence without its full stop, and may quote what was written: untrusted text. */
export type ZoneMistake = { readonly place: RecordPlace | undefined; readonly what: string };

/** The zones cannot be put together from what the operator wrote. */
export class ZoneDataError extends Error {
  readonly mistakes: readonly ZoneMistake[];

  constructor(mistakes: readonly ZoneMistake[]) {
    super(mistakes.map(({ what }) => what).join("; "));
    this.name = "ZoneDataError";
    this.mistakes = mistakes;
  }
}

/** More are not told: one mistake can be made a hundred thousand times. */
export const MAX_ZONE_MISTAKES = 20;

export const ZONE_ERROR_WORDING: { readonly [code in ZoneErrorCode]: string } = {
  "outside-zone": "is outside the zone",
  "meta-type": "is of a type that no zone holds",
  "bad-rdata": "has malformed data",
  "cname-and-other-data": "is an alias (CNAME) beside other records of its name",
  "more-than-one-cname": "is a second alias (CNAME) of its name",
  "more-than-one-soa": "is a second SOA",
  "soa-below-apex": "is a SOA below the zone's own name",
  "record-set-too-large": "makes its record set larger than a message",
  "no-soa": "has no SOA",
  "no-ns": "has no NS",
};
