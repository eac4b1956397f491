/**
 * What a zone holds: the records that are fixed (made by the appliance, or written down by the
 * operator) and those that came by update. This is the one place where they meet. An update never
 * takes a fixed record away, nor puts anything in its way; dynamic records that fixed ones came to
 * contradict later stay stored and are not served.
 */
import { RecordType } from "../codes.ts";
import { type Name, sameName } from "../name.ts";
import { MAX_RECORD_SET_OCTETS, type RecordSet, Zone } from "../zone.ts";
import type { KeyedSet } from "./dynamic-records.ts";
import { rdataKey } from "./record-keys.ts";

export type FixedZone = {
  /** The fixed records alone. */
  readonly zone: Zone;
  /** The appliance's own name: its addresses are nobody else's to add to. */
  readonly host: Name;
};

/**
 * Whether a dynamic record set of this name and type would shadow what is fixed: addresses of the
 * appliance, its PTR records, and a delegation at or above anything fixed.
 */
export function isShut(fixed: FixedZone, name: Name, type: number): boolean {
  switch (type) {
    case RecordType.SOA:
    // Not answered by RFC 6672's rules here.
    case RecordType.DNAME:
      return true;
    case RecordType.A:
    case RecordType.AAAA:
      return sameName(name, fixed.host);
    case RecordType.PTR:
      return fixed.zone.get(name, type) !== undefined;
    case RecordType.NS:
      return !sameName(name, fixed.zone.apex) && fixed.zone.has(name);
    default:
      return false;
  }
}

/** The record sets that are served under a name. */
export function servedSets(
  fixed: FixedZone,
  name: Name,
  dynamic: ReadonlyMap<number, KeyedSet>,
): RecordSet[] {
  const sets = new Map(fixed.zone.getAll(name).map((set) => [set.type, set]));
  const isFixedAlias = sets.has(RecordType.CNAME);
  const mayAlias = sets.size === 0 && dynamic.size === 1;
  for (const set of dynamic.values()) {
    if (isFixedAlias || isShut(fixed, name, set.type)) continue;
    if (set.type === RecordType.CNAME && !mayAlias) continue;
    sets.set(set.type, joinSets(sets.get(set.type), set));
  }
  return [...sets.values()];
}

/** Fixed records come first, and their TTL holds. */
function joinSets(fixed: RecordSet | undefined, dynamic: KeyedSet): RecordSet {
  const { type } = dynamic;
  if (fixed === undefined) return { type, ttl: dynamic.ttl, rdata: [...dynamic.rdata.values()] };
  const known = new Set(fixed.rdata.map((data) => rdataKey(type, data)));
  const rdata = [...fixed.rdata];
  let octets = setOctets(rdata);
  for (const [key, data] of dynamic.rdata) {
    octets += data.length + 2;
    if (!known.has(key) && octets <= MAX_RECORD_SET_OCTETS) rdata.push(data);
  }
  return { type, ttl: fixed.ttl, rdata };
}

/** As a zone counts them: each record behind its length. */
export function setOctets(rdata: Iterable<Uint8Array>): number {
  let sum = 0;
  for (const data of rdata) sum += data.length + 2;
  return sum;
}

/** A zone of its own with everything that is served; `names` are those with dynamic records. */
export function zoneContent(
  fixed: FixedZone,
  names: Iterable<Name>,
  setsOf: (name: Name) => ReadonlyMap<number, KeyedSet>,
): Zone {
  const zone = Zone.fromRecords(fixed.zone.apex, fixed.zone.records());
  if (!zone.ok) throw new Error("a copy of a sound zone is sound");
  for (const name of names) putName(zone.value, name, servedSets(fixed, name, setsOf(name)));
  return zone.value;
}

/** Makes the name hold exactly these record sets. */
export function putName(zone: Zone, name: Name, sets: readonly RecordSet[]): void {
  const wanted = new Map(sets.map((set) => [set.type, set]));
  const before = new Map(zone.getAll(name).map((set) => [set.type, set]));
  for (const type of before.keys()) if (!wanted.has(type)) zone.remove(name, type);
  for (const [type, set] of wanted) {
    const old = before.get(type);
    if (old !== undefined && isSame(old, set)) continue;
    const refusal = zone.replace(name, set);
    if (refusal !== undefined) throw new Error(`record set refused: ${refusal}`);
  }
}

function isSame(first: RecordSet, second: RecordSet): boolean {
  if (first.ttl !== second.ttl || first.rdata.length !== second.rdata.length) return false;
  const keys = new Set(first.rdata.map((data) => rdataKey(first.type, data)));
  return second.rdata.every((data) => keys.has(rdataKey(second.type, data)));
}
