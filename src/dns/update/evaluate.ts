/**
 * What an update makes of a zone (RFC 2136 §3.2 to §3.4): everything it asks for, or an rcode and
 * nothing. Who may ask is looked at before any prerequisite, or the rcodes would tell outsiders
 * what the zone holds.
 */
import { fail, ok, type Result } from "../../platform/result.ts";
import { Rcode, RecordType } from "../codes.ts";
import { type Name, sameName } from "../name.ts";
import { readSoa } from "../rdata.ts";
import { MAX_RECORD_SET_OCTETS, MAX_TTL_SECONDS, type RecordSet } from "../zone.ts";
import { Draft, type DynamicView, type KeyedSet, keyedSet } from "./dynamic-records.ts";
import { mayWrite, mayWriteName, type Requester } from "./policy.ts";
import { nameKey, rdataKey } from "./record-keys.ts";
import type { Operation, Prerequisite, UpdateRefusal, UpdateRequest } from "./request.ts";
import { serialIsLater } from "./serial.ts";
import { type FixedZone, isShut, servedSets, setOctets } from "./zone-content.ts";

/** Dynamic records of one set: a set is rewritten with each change. */
export const MAX_DYNAMIC_SET_RECORDS = 1024;
/** Dynamic records of all zones: they are kept in memory. */
const MAX_DYNAMIC_RECORDS = 100_000;

/** A zone as an update finds it. */
export type ZoneState = {
  readonly fixed: FixedZone;
  readonly dynamic: DynamicView;
  /** The serial that is served now. */
  readonly serial: number;
};

/** The state that the update leaves, on top of the one it found. */
export function evaluateUpdate(
  state: ZoneState,
  { prerequisites, operations }: UpdateRequest,
  requester: Requester,
): Result<Draft, UpdateRefusal> {
  for (const operation of operations) {
    if (!isAllowed(state, operation, requester)) return fail(Rcode.REFUSED);
  }
  const unmet = firstUnmet(state, prerequisites);
  if (unmet !== undefined) return fail(unmet);
  return applyOperations(state, operations);
}

function isAllowed(state: ZoneState, operation: Operation, requester: Requester): boolean {
  const { name } = operation;
  if (operation.kind === "delete-name") {
    const types = [...state.dynamic.sets(name).keys()];
    return mayWriteName(requester, name) && types.every((type) => mayWrite(requester, name, type));
  }
  if (!mayWrite(requester, name, operation.type)) return false;
  if (operation.kind !== "add" || operation.type === RecordType.SOA) return true;
  return !isShut(state.fixed, name, operation.type) || isFixed(state, operation);
}

/** Whether the very record is there and fixed: adding it again is no change. */
function isFixed({ fixed }: ZoneState, { name, type, rdata }: AddOperation): boolean {
  const key = rdataKey(type, rdata);
  const set = fixed.zone.get(name, type);
  return set?.rdata.some((own) => rdataKey(type, own) === key) === true;
}

/** RFC 2136 §3.2.5. An empty non-terminal is not in use, a wildcard holds no other name's data. */
function firstUnmet(
  state: ZoneState,
  prerequisites: readonly Prerequisite[],
): UpdateRefusal | undefined {
  const expected = new Map<string, { name: Name; type: number; rdata: Uint8Array[] }>();
  for (const prerequisite of prerequisites) {
    const { name } = prerequisite;
    const sets = setsOf(state, name);
    switch (prerequisite.kind) {
      case "name-in-use":
        if (sets.length === 0) return Rcode.NXDOMAIN;
        break;
      case "name-not-in-use":
        if (sets.length > 0) return Rcode.YXDOMAIN;
        break;
      case "set-exists":
        if (!hasType(sets, prerequisite.type)) return Rcode.NXRRSET;
        break;
      case "set-absent":
        if (hasType(sets, prerequisite.type)) return Rcode.YXRRSET;
        break;
      case "set-holds": {
        const { type, rdata } = prerequisite;
        const key = `${type} ${nameKey(name)}`;
        const entry = expected.get(key) ?? { name, type, rdata: [] };
        entry.rdata.push(rdata);
        expected.set(key, entry);
      }
    }
  }
  for (const { name, type, rdata } of expected.values()) {
    const set = setsOf(state, name).find((one) => one.type === type);
    if (set === undefined || !isSameContent(type, set.rdata, rdata)) return Rcode.NXRRSET;
  }
  return undefined;
}

function setsOf({ fixed, dynamic }: ZoneState, name: Name): readonly RecordSet[] {
  return servedSets(fixed, name, dynamic.sets(name));
}

function hasType(sets: readonly RecordSet[], type: number): boolean {
  return sets.some((set) => set.type === type);
}

function isSameContent(
  type: number,
  first: readonly Uint8Array[],
  second: readonly Uint8Array[],
): boolean {
  const [own, wanted] = [first, second].map(
    (data) => new Set(data.map((rdata) => rdataKey(type, rdata))),
  );
  return own !== undefined && wanted !== undefined && own.symmetricDifference(wanted).size === 0;
}

type AddOperation = Extract<Operation, { kind: "add" }>;

/** RFC 2136 §3.4.2, in the order of the message. */
function applyOperations(
  state: ZoneState,
  operations: readonly Operation[],
): Result<Draft, UpdateRefusal> {
  const { fixed } = state;
  const draft = new Draft(state.dynamic);
  for (const operation of operations) {
    const { name } = operation;
    switch (operation.kind) {
      case "add": {
        const refusal = addRecord(state, draft, operation);
        if (refusal !== undefined) return fail(refusal);
        break;
      }
      case "delete-set":
        if (isKeptAtApex(fixed, name, operation.type)) break;
        draft.put(name, emptySet(operation.type));
        break;
      case "delete-name":
        for (const type of draft.sets(name).keys()) {
          if (!isKeptAtApex(fixed, name, type)) draft.put(name, emptySet(type));
        }
        break;
      case "delete-record":
        removeRecord(draft, operation);
    }
  }
  return draft.size > MAX_DYNAMIC_RECORDS && draft.size > state.dynamic.size
    ? fail(Rcode.SERVFAIL)
    : ok(draft);
}

/** RFC 2136 §3.4.2.3: these go record by record only. */
function isKeptAtApex({ zone }: FixedZone, name: Name, type: number): boolean {
  return type === RecordType.NS && sameName(name, zone.apex);
}

function emptySet(type: number): KeyedSet {
  return { type, ttl: 0, rdata: new Map() };
}

/** RFC 2136 §3.4.2.2: what must not be is passed over in silence, what we cannot do is refused. */
function addRecord(
  state: ZoneState,
  draft: Draft,
  operation: AddOperation,
): UpdateRefusal | undefined {
  const { name, type, rdata } = operation;
  if (type === RecordType.SOA) return addSoa(state, operation);
  if (isFixed(state, operation)) return undefined;
  const { zone } = state.fixed;
  const node = zone.findName(name);
  const isFixedAlias = node >= 0 && zone.setAt(node, RecordType.CNAME) >= 0;
  const sets = draft.sets(name);
  const others = [...sets.keys()].filter(
    (other) => other !== RecordType.CNAME && !isShut(state.fixed, name, other),
  );
  const hasOthers = (node >= 0 && zone.headOf(node) >= 0) || others.length > 0;
  if (type === RecordType.CNAME) {
    if (isFixedAlias) return Rcode.REFUSED;
    if (!hasOthers) draft.put(name, keyedSet({ type, ttl: ttlOf(operation), rdata: [rdata] }));
    return undefined;
  }
  const isAlias = isFixedAlias || (sets.has(RecordType.CNAME) && !hasOthers);
  return isAlias ? undefined : joinRecord(state, draft, operation);
}

/** A new SOA would only count with a later serial; ours is the appliance's to make. */
function addSoa({ fixed, serial }: ZoneState, operation: AddOperation): UpdateRefusal | undefined {
  if (!sameName(operation.name, fixed.zone.apex)) return undefined;
  return serialIsLater(readSoa(operation.rdata).serial, serial) ? Rcode.REFUSED : undefined;
}

/** The TTL of the record holds for its whole set (RFC 2181 §5.2), but for fixed ones. */
function joinRecord(
  { fixed }: ZoneState,
  draft: Draft,
  operation: AddOperation,
): UpdateRefusal | undefined {
  const { name, type, rdata } = operation;
  const fixedSet = fixed.zone.get(name, type);
  const ttl = fixedSet?.ttl ?? ttlOf(operation);
  const old = draft.sets(name).get(type) ?? emptySet(type);
  const key = rdataKey(type, rdata);
  if (old.rdata.has(key)) {
    if (old.ttl !== ttl) draft.put(name, { ...old, ttl });
    return undefined;
  }
  const joined = new Map(old.rdata).set(key, rdata);
  const octets = setOctets(joined.values()) + setOctets(fixedSet?.rdata ?? []);
  if (joined.size > MAX_DYNAMIC_SET_RECORDS || octets > MAX_RECORD_SET_OCTETS) {
    return Rcode.SERVFAIL;
  }
  draft.put(name, { type, ttl, rdata: joined });
  return undefined;
}

/** RFC 2181 §8. */
function ttlOf({ ttl }: AddOperation): number {
  return ttl > MAX_TTL_SECONDS ? 0 : ttl;
}

/** The zone's last NS record is a fixed one: no dynamic record is in need of protection here. */
function removeRecord(
  draft: Draft,
  { name, type, rdata }: Extract<Operation, { kind: "delete-record" }>,
): void {
  const old = draft.sets(name).get(type);
  const left = new Map(old?.rdata);
  if (old === undefined || !left.delete(rdataKey(type, rdata))) return;
  draft.put(name, { ...old, rdata: left });
}
