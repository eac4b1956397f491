/** What an UPDATE message asks for (RFC 2136 §2), before anything is known of the zone's data. */
import { fail, ok, type Result } from "../../platform/result.ts";
import { isMetaType, Rcode, RecordClass, RecordType } from "../codes.ts";
import { lowerName, type Name, readName } from "../name.ts";
import type { RawMessage, RawRecord } from "../raw-message.ts";
import { readRdata } from "../rdata.ts";

/** RFC 2136 §2.4. */
export type Prerequisite =
  | { readonly kind: "name-in-use" | "name-not-in-use"; readonly name: Name }
  | { readonly kind: "set-exists" | "set-absent"; readonly name: Name; readonly type: number }
  /** All of those for one set together are its whole content. */
  | {
      readonly kind: "set-holds";
      readonly name: Name;
      readonly type: number;
      readonly rdata: Uint8Array;
    };

/** RFC 2136 §2.5. */
export type Operation =
  | {
      readonly kind: "add";
      readonly name: Name;
      readonly type: number;
      readonly ttl: number;
      readonly rdata: Uint8Array;
    }
  | { readonly kind: "delete-set"; readonly name: Name; readonly type: number }
  | { readonly kind: "delete-name"; readonly name: Name }
  | {
      readonly kind: "delete-record";
      readonly name: Name;
      readonly type: number;
      readonly rdata: Uint8Array;
    };

export type UpdateRequest = {
  readonly prerequisites: readonly Prerequisite[];
  readonly operations: readonly Operation[];
};

/** An rcode other than NOERROR: the update is refused as a whole. */
export type UpdateRefusal = Exclude<(typeof Rcode)[keyof typeof Rcode], 0>;

/** The zone to be updated, in lower case (RFC 2136 §3.1.1). */
export function readZoneName({ octets, questions }: RawMessage): Result<Name, UpdateRefusal> {
  const [zone, second] = questions;
  if (zone === undefined || second !== undefined) return fail(Rcode.FORMERR);
  if (zone.type !== RecordType.SOA) return fail(Rcode.FORMERR);
  if (zone.class !== RecordClass.IN) return fail(Rcode.NOTAUTH);
  return ok(lowerName(octets.subarray(zone.start, zone.nameEnd)));
}

/**
 * Reads prerequisites and operations, each checked for what can be checked without the zone's data
 * (RFC 2136 §3.2.5, §3.4.1.3). `belongs` says whether a name is the zone's.
 */
export function readUpdate(
  message: RawMessage,
  belongs: (name: Name) => boolean,
): Result<UpdateRequest, UpdateRefusal> {
  const prerequisites: Prerequisite[] = [];
  for (const record of message.answers) {
    const name = ownName(message.octets, record, belongs);
    if (!name.ok) return name;
    const read = readPrerequisite(message.octets, record, name.value);
    if (read === undefined) return fail(Rcode.FORMERR);
    prerequisites.push(read);
  }
  const operations: Operation[] = [];
  for (const record of message.authorities) {
    const name = ownName(message.octets, record, belongs);
    if (!name.ok) return name;
    const read = readOperation(message.octets, record, name.value);
    if (read === undefined) return fail(Rcode.FORMERR);
    operations.push(read);
  }
  return ok({ prerequisites, operations });
}

function ownName(
  octets: Uint8Array,
  { start }: RawRecord,
  belongs: (name: Name) => boolean,
): Result<Name, UpdateRefusal> {
  const read = readName(octets, start);
  if (!read.ok) return fail(Rcode.FORMERR);
  return belongs(read.value.name) ? ok(lowerName(read.value.name)) : fail(Rcode.NOTZONE);
}

/** RFC 2136 §2.4 and §3.2; undefined where the record is none of these. */
function readPrerequisite(
  octets: Uint8Array,
  record: RawRecord,
  name: Name,
): Prerequisite | undefined {
  const { type, ttl, rdataLength } = record;
  if (ttl !== 0) return undefined;
  if (record.class === RecordClass.IN) {
    const rdata = dataOf(octets, record);
    return rdata && { kind: "set-holds", name, type, rdata };
  }
  if (record.class !== RecordClass.ANY && record.class !== RecordClass.NONE) return undefined;
  if (rdataLength !== 0) return undefined;
  const isWanted = record.class === RecordClass.ANY;
  if (type === RecordType.ANY) {
    return { kind: isWanted ? "name-in-use" : "name-not-in-use", name };
  }
  if (isMetaType(type)) return undefined;
  return { kind: isWanted ? "set-exists" : "set-absent", name, type };
}

/** RFC 2136 §2.5 and §3.4.1; undefined where the record is none of these. */
function readOperation(octets: Uint8Array, record: RawRecord, name: Name): Operation | undefined {
  const { type, ttl, rdataLength } = record;
  switch (record.class) {
    case RecordClass.IN: {
      const rdata = dataOf(octets, record);
      return rdata && { kind: "add", name, type, ttl, rdata };
    }
    case RecordClass.NONE: {
      const rdata = ttl === 0 ? dataOf(octets, record) : undefined;
      return rdata && { kind: "delete-record", name, type, rdata };
    }
    case RecordClass.ANY:
      if (ttl !== 0 || rdataLength !== 0) return undefined;
      if (type === RecordType.ANY) return { kind: "delete-name", name };
      return isMetaType(type) ? undefined : { kind: "delete-set", name, type };
    default:
      return undefined;
  }
}

/** Undefined for a type that no zone holds, and for data that its type does not have. */
function dataOf(octets: Uint8Array, record: RawRecord): Uint8Array | undefined {
  const { type, rdataStart, rdataLength } = record;
  if (isMetaType(type)) return undefined;
  const rdata = readRdata(type, octets, rdataStart, rdataLength);
  return rdata.ok ? rdata.value : undefined;
}
