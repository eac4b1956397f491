/**
 * What the zones say about a question: the algorithm of RFC 1034 §4.3.2, with wildcards as RFC
 * 4592 makes them precise, empty non-terminals (RFC 8020), aliases followed as long as they stay
 * in our zones, and the hosts' addresses that RFC 1035 §3.3 and RFC 2782 want beside the answer.
 */
import { Rcode, RecordType } from "./codes.ts";
import type { Name } from "./name.ts";
import type { NameScan } from "./name-scan.ts";
import { targetOffset } from "./rdata.ts";
import type { Zone } from "./zone.ts";
import type { ZoneSet } from "./zone-set.ts";

/** A record set placed in a section of the reply. */
export type Placed = {
  readonly owner: Name;
  readonly zone: Zone;
  readonly set: number;
  /** Seconds; lower than the set's own in negative answers. */
  readonly ttl: number;
};

export type Resolution =
  /** None of our zones. */
  | { readonly kind: "refused" }
  /** The question's own name or type is not there: the reply is the zone's SOA. */
  | {
      readonly kind: "negative";
      readonly rcode: number;
      readonly zone: Zone;
      readonly label: number;
    }
  | {
      readonly kind: "records";
      readonly rcode: number;
      readonly authoritative: boolean;
      /** A wildcard stood in for the question's name. */
      readonly isSynthesised: boolean;
      readonly answer: readonly Placed[];
      readonly authority: readonly Placed[];
      readonly additional: readonly Placed[];
    };

/** Aliases followed before the chain is taken for a loop and sent as far as it goes. */
const MAX_ALIASES = 16;
/** Hosts whose addresses are added to one reply. */
const MAX_ADDITIONAL_HOSTS = 32;

const NONE: readonly Placed[] = [];

/** What one name brings: a record set, or a node below which another zone begins. */
type Found =
  | { readonly kind: "set" | "alias"; readonly set: number }
  | { readonly kind: "cut"; readonly node: number }
  | { readonly kind: "nodata" | "nxdomain" };
type Step = Found & { readonly isWildcard: boolean };

const NODATA: Found = { kind: "nodata" };
const NXDOMAIN: Found = { kind: "nxdomain" };

/** `aliasScan` is working space for the names that aliases and services lead to. */
export function resolve(
  zones: ZoneSet,
  question: NameScan,
  type: number,
  aliasScan: NameScan,
): Resolution {
  const answer: Placed[] = [];
  let isSynthesised = false;
  let name = question;
  for (let aliases = 0; ; aliases += 1) {
    const label = zones.labelFor(name, type);
    const zone = label < 0 ? undefined : zones.zoneAt(name, label);
    if (zone === undefined) {
      if (aliases === 0) return { kind: "refused" };
      return records(Rcode.NOERROR, isSynthesised, answer, NONE, NONE);
    }
    const step = look(zone, name, label, type);
    isSynthesised ||= step.isWildcard;
    switch (step.kind) {
      case "cut":
        return referral(zone, step.node, answer, aliasScan);
      case "nodata":
      case "nxdomain": {
        const rcode = step.kind === "nodata" ? Rcode.NOERROR : Rcode.NXDOMAIN;
        if (aliases === 0) return { kind: "negative", rcode, zone, label };
        return records(rcode, isSynthesised, answer, [negativeSoa(zone)], NONE);
      }
      case "set": {
        const placed = place(zone, name.name(), step.set);
        answer.push(placed);
        const additional = hostAddresses(zones, placed, aliasScan);
        return records(Rcode.NOERROR, isSynthesised, answer, NONE, additional);
      }
      case "alias": {
        answer.push(place(zone, name.name(), step.set));
        const [target] = zone.sets.all(step.set);
        if (target === undefined || aliases === MAX_ALIASES) {
          return records(Rcode.NOERROR, isSynthesised, answer, NONE, NONE);
        }
        name = aliasScan.scanName(target);
      }
    }
  }
}

/** The SOA of a negative answer, RFC 2308 §3 and §5. */
export function negativeSoa(zone: Zone): Placed {
  const set = zone.setAt(0, RecordType.SOA);
  const ttl = Math.min(zone.sets.ttl(set), zone.soa.minimumSeconds);
  return { owner: zone.apex, zone, set, ttl };
}

/** Looks one name up in the zone whose apex begins at label `apexLabel`. */
function look(zone: Zone, name: NameScan, apexLabel: number, type: number): Step {
  const exact = zone.find(name, 0);
  let label = 0;
  let encloser = exact;
  while (encloser < 0 && label < apexLabel) {
    label += 1;
    encloser = zone.find(name, label);
  }
  const cut = zone.cutAbove(encloser);
  // The parent's side of a cut answers for DS, RFC 4035 §3.1.4.1.
  if (cut >= 0 && !(type === RecordType.DS && cut === exact)) {
    return { kind: "cut", node: cut, isWildcard: false };
  }
  if (exact >= 0) return { ...lookAt(zone, exact, type), isWildcard: false };
  const wildcard = zone.findWildcard(name, label, encloser);
  const isWildcard = wildcard >= 0;
  return { ...(isWildcard ? lookAt(zone, wildcard, type) : NXDOMAIN), isWildcard };
}

function lookAt(zone: Zone, node: number, type: number): Found {
  if (type === RecordType.ANY) {
    // RFC 8482 §4.1: one record set is answer enough.
    const soa = zone.setAt(node, RecordType.SOA);
    const set = soa >= 0 ? soa : zone.headOf(node);
    return set < 0 ? NODATA : { kind: "set", set };
  }
  const set = zone.setAt(node, type);
  if (set >= 0) return { kind: "set", set };
  const alias = zone.setAt(node, RecordType.CNAME);
  return alias < 0 ? NODATA : { kind: "alias", set: alias };
}

function place(zone: Zone, owner: Name, set: number): Placed {
  return { owner, zone, set, ttl: zone.sets.ttl(set) };
}

function records(
  rcode: number,
  isSynthesised: boolean,
  answer: readonly Placed[],
  authority: readonly Placed[],
  additional: readonly Placed[],
): Resolution {
  const authoritative = true;
  return { kind: "records", rcode, authoritative, isSynthesised, answer, authority, additional };
}

/** RFC 1034 §4.3.2 step 3b: the NS of the cut, and glue from either side of it. */
function referral(zone: Zone, cut: number, answer: Placed[], scan: NameScan): Resolution {
  const set = zone.setAt(cut, RecordType.NS);
  const authority = place(zone, zone.names.name(cut), set);
  const additional: Placed[] = [];
  for (const target of targets(authority)) {
    const node = zone.find(scan.scanName(target), 0);
    if (node >= 0) addAddresses(zone, node, target, additional);
  }
  return {
    kind: "records",
    rcode: Rcode.NOERROR,
    // The bit speaks for the first owner of the answer section, RFC 1035 §4.1.1.
    authoritative: answer.length > 0,
    isSynthesised: true,
    answer,
    authority: [authority],
    additional,
  };
}

/** The distinct hosts a record set leads to. */
function targets({ zone, set }: Placed): Name[] {
  const offset = targetOffset(zone.sets.type(set));
  if (offset < 0) return [];
  const distinct = new Map<string, Name>();
  for (const rdata of zone.sets.all(set)) {
    const target = rdata.subarray(offset);
    if (target.length > 1) distinct.set(String.fromCharCode(...target), target);
    if (distinct.size === MAX_ADDITIONAL_HOSTS) break;
  }
  return [...distinct.values()];
}

function hostAddresses(zones: ZoneSet, placed: Placed, scan: NameScan): Placed[] {
  const additional: Placed[] = [];
  for (const target of targets(placed)) {
    scan.scanName(target);
    const label = zones.closestLabel(scan);
    const zone = label < 0 ? undefined : zones.zoneAt(scan, label);
    const node = zone?.find(scan, 0) ?? -1;
    if (zone !== undefined && node >= 0) addAddresses(zone, node, target, additional);
  }
  return additional;
}

function addAddresses(zone: Zone, node: number, owner: Name, additional: Placed[]): void {
  for (const type of [RecordType.A, RecordType.AAAA]) {
    const set = zone.setAt(node, type);
    if (set >= 0) additional.push(place(zone, owner, set));
  }
}
