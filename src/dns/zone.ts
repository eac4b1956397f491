import { fail, ok, type Result } from "../platform/result.ts";
import { isMetaType, RecordType } from "./codes.ts";
import { isWithin, lowerName, type Name } from "./name.ts";
import { hashWithLabel, NameScan } from "./name-scan.ts";
import { grown, NameTable } from "./name-table.ts";
import { isRdata, readSoa, type SoaFields } from "./rdata.ts";
import { RecordStore } from "./record-store.ts";

/** One record of class IN. RDATA is uncompressed. */
export type ZoneRecord = {
  readonly name: Name;
  readonly type: number;
  /** Seconds. */
  readonly ttl: number;
  readonly rdata: Uint8Array;
};

/** All records of one name and type (RFC 2181 §5). */
export type RecordSet = {
  readonly type: number;
  readonly ttl: number;
  readonly rdata: readonly Uint8Array[];
};

export type ZoneErrorCode =
  | "outside-zone"
  | "meta-type"
  | "bad-rdata"
  | "cname-and-other-data"
  | "more-than-one-cname"
  | "more-than-one-soa"
  | "soa-below-apex"
  | "record-set-too-large"
  | "no-soa"
  | "no-ns";

export type ZoneError = {
  readonly code: ZoneErrorCode;
  /** The offending record; undefined where the zone as a whole is at fault. */
  readonly record: ZoneRecord | undefined;
};

/** A record set must fit one TCP message together with header, question, OPT and owner names. */
export const MAX_RECORD_SET_OCTETS = 60_000;
/** A TTL with its top bit set counts as zero, RFC 2181 §8. */
export const MAX_TTL_SECONDS = 0x7fff_ffff;

/** The node's child `*` may exist. */
const HAS_WILDCARD = 1;
/** The node holds NS records and is not the apex: what lies below belongs to another zone. */
const IS_CUT = 2;

const WILDCARD_LABEL = Uint8Array.of(0x2a);
/** Rebuild once this many names are unused and outnumber those in use. */
const REBUILD_FLOOR_NAMES = 1024;

/**
 * A zone's data. Names that only lie between the apex and names with records are there too, as
 * nodes without records (empty non-terminals, RFC 8020). Nodes and record sets are numbers, to
 * stay small with a hundred thousand names. Changes take effect at once; whoever serves the zone
 * compares `version` to know that answers made from it are stale.
 */
export class Zone {
  /** In lower case. */
  readonly apex: Name;
  /** Raised with every change. */
  version = 0;
  names = new NameTable();
  sets = new RecordStore();
  #parents = new Int32Array(16);
  #heads = new Int32Array(16);
  #children = new Int32Array(16);
  #flags = new Uint8Array(16);
  #liveNames = 0;
  #cuts = 0;
  readonly #scan = new NameScan();

  private constructor(apex: Name) {
    this.apex = lowerName(apex);
    this.#node(this.apex);
  }

  /** Builds and checks a zone. Duplicate records fall away; a set's TTL is its lowest. */
  static fromRecords(
    apex: Name,
    records: Iterable<ZoneRecord>,
  ): Result<Zone, readonly ZoneError[]> {
    const zone = new Zone(apex);
    const errors: ZoneError[] = [];
    for (const record of records) {
      const code = zone.add(record);
      if (code !== undefined) errors.push({ code, record });
    }
    if (zone.get(zone.apex, RecordType.SOA) === undefined) {
      errors.push({ code: "no-soa", record: undefined });
    }
    if (zone.get(zone.apex, RecordType.NS) === undefined) {
      errors.push({ code: "no-ns", record: undefined });
    }
    return errors.length === 0 ? ok(zone) : fail(errors);
  }

  /** Names that exist, empty non-terminals included. */
  get nameCount(): number {
    return this.#liveNames;
  }

  get recordSetCount(): number {
    return this.sets.live;
  }

  /** Whether any name below the apex is delegated. */
  get hasCuts(): boolean {
    return this.#cuts > 0;
  }

  /** The apex SOA. Only a zone under construction has none. */
  get soa(): SoaFields {
    const rdata = this.get(this.apex, RecordType.SOA)?.rdata[0];
    if (rdata === undefined) throw new Error("zone without SOA");
    return readSoa(rdata);
  }

  /** Adds one record; an equal one that is there only lowers the TTL. Undefined if all is well. */
  add(record: ZoneRecord): ZoneErrorCode | undefined {
    const { name, type, rdata } = record;
    if (!isWithin(name, this.apex)) return "outside-zone";
    if (isMetaType(type)) return "meta-type";
    if (!isRdata(type, rdata)) return "bad-rdata";
    const node = this.#node(lowerName(name));
    const present = this.setAt(node, type);
    const conflict = this.#conflict(node, type, present, rdata);
    if (conflict !== undefined) return conflict;
    const ttl = record.ttl > MAX_TTL_SECONDS ? 0 : record.ttl;
    if (present >= 0 && this.sets.has(present, rdata)) {
      this.sets.setTtl(present, Math.min(ttl, this.sets.ttl(present)));
      this.version += 1;
      return undefined;
    }
    const set = present >= 0 ? present : this.#createSet(node, type, ttl);
    if (this.sets.length(set) + rdata.length > MAX_RECORD_SET_OCTETS) {
      if (present < 0) this.#dropSet(node, set);
      return "record-set-too-large";
    }
    this.sets.setTtl(set, Math.min(ttl, this.sets.ttl(set)));
    this.sets.append(set, rdata);
    this.version += 1;
    return undefined;
  }

  /** Makes a name within the zone exist although it has no records. */
  addEmptyName(name: Name): void {
    const node = this.#node(lowerName(name));
    if (this.#isLive(node)) return;
    // As if it had a child: it never dies.
    this.#children[node] = (this.#children[node] ?? 0) + 1;
    this.#changeChildren(node, 1);
    this.version += 1;
  }

  /** RFC 1034 §3.6.2 and RFC 2181 §10.1: an alias has no other data and one target. */
  #conflict(
    node: number,
    type: number,
    present: number,
    rdata: Uint8Array,
  ): ZoneErrorCode | undefined {
    if (type === RecordType.CNAME) {
      const head = this.headOf(node);
      if (present < 0) return head >= 0 ? "cname-and-other-data" : undefined;
      return this.sets.has(present, rdata) ? undefined : "more-than-one-cname";
    }
    if (this.setAt(node, RecordType.CNAME) >= 0) return "cname-and-other-data";
    if (type !== RecordType.SOA) return undefined;
    if (node !== 0) return "soa-below-apex";
    return present < 0 || this.sets.has(present, rdata) ? undefined : "more-than-one-soa";
  }

  /** Removes a whole record set; false where there was none. */
  remove(name: Name, type: number): boolean {
    const node = this.findName(name);
    const set = node < 0 ? -1 : this.setAt(node, type);
    if (set < 0) return false;
    this.#dropSet(node, set);
    this.version += 1;
    this.#rebuildIfSparse();
    return true;
  }

  /** Puts a record set in place of what is there. The records must be sound and belong here. */
  replace(name: Name, set: RecordSet): ZoneErrorCode | undefined {
    const before = this.get(name, set.type);
    if (before !== undefined) this.remove(name, set.type);
    for (const rdata of set.rdata) {
      const code = this.add({ name, type: set.type, ttl: set.ttl, rdata });
      if (code === undefined) continue;
      this.remove(name, set.type);
      for (const old of before?.rdata ?? []) {
        this.add({ name, type: set.type, ttl: before?.ttl ?? 0, rdata: old });
      }
      return code;
    }
    return undefined;
  }

  get(name: Name, type: number): RecordSet | undefined {
    const node = this.findName(name);
    const set = node < 0 ? -1 : this.setAt(node, type);
    return set < 0 ? undefined : this.#read(set);
  }

  /** All record sets of a name; none where it does not exist or is an empty non-terminal. */
  getAll(name: Name): RecordSet[] {
    const node = this.findName(name);
    const found: RecordSet[] = [];
    let set = node < 0 ? -1 : this.headOf(node);
    for (; set >= 0; set = this.sets.next(set)) found.push(this.#read(set));
    return found;
  }

  /** Whether the name exists, empty non-terminals included. */
  has(name: Name): boolean {
    return this.findName(name) >= 0;
  }

  /** Every record, names in lower case, the apex first. */
  *records(): Generator<ZoneRecord> {
    for (let node = 0; node < this.names.size; node += 1) {
      const name = this.names.name(node);
      for (let set = this.headOf(node); set >= 0; set = this.sets.next(set)) {
        const { type, ttl, rdata } = this.#read(set);
        for (const data of rdata) yield { name, type, ttl, rdata: data };
      }
    }
  }

  /** The node of a name in any case, or -1 where it does not exist. */
  findName(name: Name): number {
    return this.find(this.#scan.scanName(name), 0);
  }

  /** The node of the suffix that begins at label `label`, or -1 where it does not exist. */
  find(scan: NameScan, label: number): number {
    const start = scan.starts[label] ?? 0;
    const hash = scan.hashes[label] ?? 0;
    const node = this.names.find(scan.lower, start, scan.length - start, hash);
    return node >= 0 && this.#isLive(node) ? node : -1;
  }

  /** The node `*` below the suffix at `label`, whose own node is `encloser`; or -1. */
  findWildcard(scan: NameScan, label: number, encloser: number): number {
    if (((this.#flags[encloser] ?? 0) & HAS_WILDCARD) === 0) return -1;
    const start = scan.starts[label] ?? 0;
    const hash = hashWithLabel(scan.hashes[label] ?? 0, WILDCARD_LABEL);
    const length = scan.length - start;
    const node = this.names.findWithLabel(WILDCARD_LABEL, scan.lower, start, length, hash);
    return node >= 0 && this.#isLive(node) ? node : -1;
  }

  /** The delegation nearest to the apex at or above `node`, or -1. */
  cutAbove(node: number): number {
    let cut = -1;
    if (this.#cuts === 0) return cut;
    for (let at = node; at >= 0; at = this.#parents[at] ?? -1) {
      if (((this.#flags[at] ?? 0) & IS_CUT) !== 0) cut = at;
    }
    return cut;
  }

  /** The first record set of a node, or -1. */
  headOf(node: number): number {
    return (this.#heads[node] ?? 0) - 1;
  }

  /** The node's record set of a type, or -1. */
  setAt(node: number, type: number): number {
    let set = this.headOf(node);
    while (set >= 0 && this.sets.type(set) !== type) set = this.sets.next(set);
    return set;
  }

  #isLive(node: number): boolean {
    return node === 0 || this.#heads[node] !== 0 || (this.#children[node] ?? 0) > 0;
  }

  #read(set: number): RecordSet {
    return { type: this.sets.type(set), ttl: this.sets.ttl(set), rdata: this.sets.all(set) };
  }

  /** The node of a name in lower case, made with its ancestors where it is missing. */
  #node(name: Name): number {
    const scan = this.#scan.scanName(name);
    const start = (label: number) => scan.starts[label] ?? 0;
    const apexLabel = scan.starts.indexOf(scan.length - this.apex.length);
    let parent = -1;
    for (let label = apexLabel; label >= 0; label -= 1) {
      const length = scan.length - start(label);
      const hash = scan.hashes[label] ?? 0;
      let node = this.names.find(scan.lower, start(label), length, hash);
      if (node < 0) {
        node = this.names.add(scan.lower, start(label), length, hash);
        this.#initNode(node, parent, scan.lower.subarray(start(label), start(label) + 2));
      }
      parent = node;
    }
    return parent;
  }

  #initNode(node: number, parent: number, labelStart: Uint8Array): void {
    if (node >= this.#parents.length) {
      const capacity = this.#parents.length * 2;
      this.#parents = grown(this.#parents, capacity);
      this.#heads = grown(this.#heads, capacity);
      this.#children = grown(this.#children, capacity);
      this.#flags = grown(this.#flags, capacity);
    }
    this.#parents[node] = parent;
    if (parent < 0) this.#liveNames += 1;
    else if (labelStart[0] === 1 && labelStart[1] === WILDCARD_LABEL[0]) {
      this.#flags[parent] = (this.#flags[parent] ?? 0) | HAS_WILDCARD;
    }
  }

  #createSet(node: number, type: number, ttl: number): number {
    const wasLive = this.#isLive(node);
    const set = this.sets.create(type, ttl, this.headOf(node));
    this.#heads[node] = set + 1;
    if (type === RecordType.NS && node !== 0) {
      this.#flags[node] = (this.#flags[node] ?? 0) | IS_CUT;
      this.#cuts += 1;
    }
    if (!wasLive) this.#changeChildren(node, 1);
    return set;
  }

  #dropSet(node: number, set: number): void {
    let before = -1;
    for (let at = this.headOf(node); at !== set; at = this.sets.next(at)) before = at;
    const next = this.sets.next(set);
    if (before < 0) this.#heads[node] = next + 1;
    else this.sets.setNext(before, next);
    if (this.sets.type(set) === RecordType.NS && node !== 0) {
      this.#flags[node] = (this.#flags[node] ?? 0) & ~IS_CUT;
      this.#cuts -= 1;
    }
    this.sets.release(set);
    if (!this.#isLive(node)) this.#changeChildren(node, -1);
  }

  /** A node came to life (1) or died (-1): its ancestors may do so with it. */
  #changeChildren(node: number, change: 1 | -1): void {
    let changed = node;
    for (;;) {
      this.#liveNames += change;
      const parent = this.#parents[changed] ?? -1;
      if (parent < 0) return;
      const wasLive = this.#isLive(parent);
      this.#children[parent] = (this.#children[parent] ?? 0) + change;
      if (this.#isLive(parent) === wasLive) return;
      changed = parent;
    }
  }

  #rebuildIfSparse(): void {
    const unused = this.names.size - this.#liveNames;
    if (unused < REBUILD_FLOOR_NAMES || unused < this.#liveNames) return;
    const fresh = new Zone(this.apex);
    for (const record of this.records()) fresh.add(record);
    this.names = fresh.names;
    this.sets = fresh.sets;
    this.#parents = fresh.#parents;
    this.#heads = fresh.#heads;
    this.#children = fresh.#children;
    this.#flags = fresh.#flags;
    this.#cuts = fresh.#cuts;
    this.#liveNames = fresh.#liveNames;
  }
}
