/**
 * The fixed content of the zones: what the appliance makes itself (discovery DNS-1, DNS-2, its own
 * host, reverse zones) joined with what the operator wrote down (DNS-3, DNS-9). The one place where
 * these meet; records that come by update join behind it (`update/zone-content.ts`).
 */
import { fail, ok, type Result } from "../platform/result.ts";
import { RecordType } from "./codes.ts";
import {
  labelCount,
  literalName,
  lowerOctet,
  type Name,
  nameFromText,
  nameToText,
  sameName,
} from "./name.ts";
import { addressRdata, readSoa, soaRdata, srvRdata, targetOffset, typeToText } from "./rdata.ts";
import { reverseName, reverseZone } from "./reverse.ts";
import { Zone, type ZoneRecord } from "./zone.ts";
import { type Draft, ZoneDrafts } from "./zone-drafts.ts";
import {
  MAX_ZONE_MISTAKES,
  type RecordPlace,
  type RecordSource,
  type ServiceHost,
  ZONE_ERROR_WORDING,
  type ZoneMistake,
} from "./zone-sources.ts";

/** The label pair under which clients look for a host, RFC 2782 and [P]. */
export const SERVICE_LABELS = "_vlmcs._tcp";

export type ApplianceZonesOptions = {
  /**
   * Zone names, as `kms.test`. The first is the host's own where `host` is a single label. The
   * service is published in each but those of the reverse tree; zones that only `sources` names
   * hold what these say.
   */
  readonly zones: readonly string[];
  /** The host's name: a single label in the first zone, or a full name. */
  readonly host: string;
  /** The host's IPv4 and IPv6 addresses, as text. */
  readonly addresses: readonly string[];
  /** Seconds, for every record that is made here. */
  readonly ttl: number;
  /** Seconds that "there is no such name" may be kept (RFC 2308 §4). */
  readonly negativeTtl?: number;
  /** SOA serial; to be raised with every change, for whoever compares it. */
  readonly serial: number;
  /** The SRV records; undefined while the host is withdrawn (DNS-4, DNS-5, HOST-12). */
  readonly publish:
    | { readonly priority: number; readonly weight: number; readonly ports: readonly number[] }
    | undefined;
  /** Whether addresses get their PTR, in zones that are made for it; true unless told. */
  readonly reverse?: boolean;
  /** Published besides, whether this host is or not. */
  readonly hosts?: readonly ServiceHost[];
  readonly sources?: readonly RecordSource[];
};

const DEFAULT_NEGATIVE_TTL_SECONDS = 300;
const REFRESH_SECONDS = 3600;
const RETRY_SECONDS = 900;
const EXPIRE_SECONDS = 604_800;

/** Reverse zones (/24, /64) that are made; for more addresses a wider zone has to be named. */
export const MAX_REVERSE_ZONES = 256;
/** PTR records of one address: the names that come first. */
const MAX_POINTERS = 8;
/** Records between two pauses of {@link composeZones}. */
const SLICE_RECORDS = 1000;

const WILDCARD_LABEL = 0x2a;

export type ComposedZones = Result<readonly Zone[], readonly ZoneMistake[]>;

/** All at once; see {@link composeZones}. */
export function buildApplianceZones(options: ApplianceZonesOptions): ComposedZones {
  const steps = composeZones(options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Joins everything in slices: after each, whoever drives it may let others run. */
export function* composeZones(options: ApplianceZonesOptions): Generator<undefined, ComposedZones> {
  if (options.zones.length === 0 && (options.sources ?? []).length === 0) return ok([]);
  const composer = new Composer(options);
  const steps = [composer.survey(), composer.join(), composer.checkTargets()];
  if (composer.mistakes.length > 0) return fail(composer.mistakes);
  for (const step of steps) {
    yield* step;
    // What follows rests on it.
    if (composer.mistakes.length > 0) return fail(composer.mistakes);
  }
  return ok(composer.zones());
}

class Composer {
  readonly mistakes: ZoneMistake[] = [];
  readonly #options: ApplianceZonesOptions;
  readonly #drafts = new ZoneDrafts();
  readonly #host: Name;
  /** Names of the reverse tree whose data the operator gave. */
  readonly #givenPointers = new Set<string>();
  readonly #pointers = new Map<string, number>();
  #madeZones = 0;
  constructor(options: ApplianceZonesOptions) {
    this.#options = options;
    const apexes = options.zones.flatMap((text) => this.#zone(text));
    const [first] = apexes;
    if (first === undefined) this.#complain(undefined, "there is no zone");
    const host = hostName(options.host, first ?? literalName("invalid"));
    if (host === undefined) this.#complain(undefined, `"${options.host}" is no host name`);
    this.#host = host ?? literalName("invalid");
    for (const { apex } of options.sources ?? []) if (apex !== undefined) this.#drafts.at(apex);
    if (this.mistakes.length === 0) this.#makeRecords(first ?? this.#host);
  }

  zones(): readonly Zone[] {
    return this.#drafts.all.flatMap(({ zone }) => (zone === undefined ? [] : [zone]));
  }

  #zone(text: string): Name[] {
    const apex = nameFromText(text);
    if (!apex.ok) this.#complain(undefined, `"${text}" is no zone name`);
    else if (this.#drafts.find(apex.value) !== undefined) {
      this.#complain(undefined, `the zone ${text} is there twice`);
    } else return [this.#drafts.at(apex.value).apex];
    return [];
  }

  /** The records of this host and of others. */
  #makeRecords(firstZone: Name): void {
    const { publish, hosts = [], addresses, zones } = this.#options;
    const services = zones.flatMap((text) => {
      const draft = this.#drafts.find(literalName(text));
      return draft === undefined || draft.isReverse ? [] : [draft];
    });
    const offer = (target: Name, priority: number, weight: number, port: number): void => {
      const rdata = srvRdata({ priority, weight, port, target });
      for (const { apex, made } of services) {
        const name = literalName(SERVICE_LABELS, apex);
        made.push({ name, type: RecordType.SRV, ttl: this.#options.ttl, rdata });
      }
    };
    for (const port of publish?.ports ?? []) {
      offer(this.#host, publish?.priority ?? 0, publish?.weight ?? 0, port);
    }
    this.#addAddresses(this.#host, addresses, undefined);
    for (const { name, addresses: own, port, priority, weight, place } of hosts) {
      const target = hostName(name, firstZone);
      if (target === undefined) {
        this.#complain(place, `"${name}" is no host name`);
        continue;
      }
      offer(target, priority, weight, port);
      this.#addAddresses(target, own, place);
    }
  }

  #addAddresses(name: Name, addresses: readonly string[], place: RecordPlace | undefined): void {
    for (const text of addresses) {
      const data = addressRdata(text);
      if (data === undefined) {
        this.#complain(place, `"${text}" is no address`);
        continue;
      }
      this.#drafts.closest(name)?.made.push({ name, ttl: this.#options.ttl, ...data });
    }
  }

  /** Looks through what the operator wrote: into which zone, and what need not be made then. */
  *survey(): Generator<undefined, void> {
    yield* this.#visit((record, source, index) => {
      const { name, type } = record;
      const draft = this.#drafts.closest(name);
      const isElsewhere =
        draft === undefined || (source.apex !== undefined && !sameName(source.apex, draft.apex));
      if (isElsewhere) {
        const wanted =
          source.apex === undefined ? "every zone of this host" : nameToText(source.apex);
        this.#complain(source.placeOf(index), `${nameToText(name)} is outside ${wanted}`);
        return;
      }
      if (name.length === draft.apex.length) {
        if (type === RecordType.SOA) draft.soa ??= record;
        if (type === RecordType.NS) draft.nameServers.push(record);
      }
      if (draft.isReverse) this.#givenPointers.add(keyOf(name));
    });
    if (this.#options.reverse !== false) yield* this.#pointBack();
  }

  *#pointBack(): Generator<undefined, void> {
    for (const { made, isReverse } of [...this.#drafts.all]) {
      for (const { name, type, rdata } of isReverse ? [] : made) {
        if (isAddressType(type)) this.#addPointer(rdata, name);
      }
    }
    yield* this.#visit(({ name, type, rdata }) => {
      if (isAddressType(type) && !isWildcard(name)) this.#addPointer(rdata, name);
    });
  }

  /** A PTR in its /24 or /64 zone, which is made unless a zone of ours covers it already. */
  #addPointer(address: Uint8Array, target: Name): void {
    const text = reverseName(address);
    const name = literalName(text);
    if (this.#givenPointers.has(keyOf(name))) return;
    const count = this.#pointers.get(text) ?? 0;
    if (count >= MAX_POINTERS) return;
    this.#pointers.set(text, count + 1);
    let draft = this.#drafts.closest(name);
    if (draft === undefined) {
      if (this.#madeZones === MAX_REVERSE_ZONES) return;
      this.#madeZones += 1;
      draft = this.#drafts.at(literalName(reverseZone(address)));
    }
    draft.made.push({ name, type: RecordType.PTR, ttl: this.#options.ttl, rdata: target });
  }

  /** What is made comes first: a mistake is then where the operator can mend it. */
  *join(): Generator<undefined, void> {
    for (const draft of this.#drafts.all) {
      draft.zone = this.#begin(draft);
      for (const [index, record] of draft.made.entries()) {
        if (index % SLICE_RECORDS === 0) yield undefined;
        const code = draft.zone.add(record);
        if (code !== undefined) this.#complain(undefined, describe(record, code));
      }
    }
    yield* this.#visit((record, source, index) => {
      const draft = this.#drafts.closest(record.name);
      if (draft === undefined || record === draft.soa) return;
      const code = draft.zone?.add(record);
      if (code !== undefined) this.#complain(source.placeOf(index), describe(record, code));
    });
  }

  /** SOA and NS: the host is the zone's one server, unless the operator says otherwise. */
  #begin({ apex, soa, nameServers }: Draft): Zone {
    const { ttl, serial, negativeTtl = DEFAULT_NEGATIVE_TTL_SECONDS } = this.#options;
    const mailbox = nameFromText("hostmaster", apex);
    const own = {
      primary: this.#host,
      mailbox: mailbox.ok ? mailbox.value : apex,
      refreshSeconds: REFRESH_SECONDS,
      retrySeconds: RETRY_SECONDS,
      expireSeconds: EXPIRE_SECONDS,
      minimumSeconds: negativeTtl,
    };
    const fields = { ...(soa === undefined ? own : readSoa(soa.rdata)), serial };
    const [server = { name: apex, type: RecordType.NS, ttl, rdata: this.#host }] = nameServers;
    const head = { name: apex, type: RecordType.SOA, ttl: soa?.ttl ?? ttl };
    const zone = Zone.fromRecords(apex, [{ ...head, rdata: soaRdata(fields) }, server]);
    if (!zone.ok) throw new Error("SOA and NS make a zone");
    return zone.value;
  }

  /** RFC 2782, RFC 2181 §10.3: what a host is called by must be a name with addresses. */
  *checkTargets(): Generator<undefined, void> {
    yield* this.#visit(({ type, rdata }, source, index) => {
      const offset = targetOffset(type);
      if (offset >= 0) this.#checkTarget(rdata.subarray(offset), source.placeOf(index));
    });
    const first = this.#drafts.all[0]?.apex;
    for (const { name, place } of this.#options.hosts ?? []) {
      const target = first === undefined ? undefined : hostName(name, first);
      if (target !== undefined) this.#checkTarget(target, place);
    }
  }

  #checkTarget(target: Name, place: RecordPlace): void {
    // The root says "not here"; our own addresses come and go with the machine's.
    if (target.length <= 1 || sameName(target, this.#host)) return;
    const zone = this.#drafts.closest(target)?.zone;
    // Elsewhere, or delegated: nobody knows here.
    if (zone === undefined) return;
    const text = nameToText(target);
    if (zone.get(target, RecordType.CNAME) !== undefined) {
      this.#complain(place, `the target ${text} is an alias; name the host itself`);
      return;
    }
    if ([RecordType.A, RecordType.AAAA].some((type) => zone.get(target, type) !== undefined))
      return;
    if (isCovered(zone, target)) return;
    this.#complain(place, `the target ${text} has no address`);
  }

  /** Everything that the operator wrote, with pauses. */
  *#visit(
    visit: (record: ZoneRecord, source: RecordSource, index: number) => void,
  ): Generator<undefined, void> {
    for (const source of this.#options.sources ?? []) {
      const { records } = source;
      for (let index = 0; index < records.length; index += 1) {
        if (index % SLICE_RECORDS === 0) yield undefined;
        const record = records[index];
        if (record !== undefined) visit(record, source, index);
      }
    }
  }

  #complain(place: RecordPlace | undefined, what: string): void {
    if (this.mistakes.length < MAX_ZONE_MISTAKES) this.mistakes.push({ place, what });
  }
}

function keyOf(name: Name): string {
  let key = "";
  for (const octet of name) key += String.fromCharCode(lowerOctet(octet));
  return key;
}

function describe({ name, type }: ZoneRecord, code: keyof typeof ZONE_ERROR_WORDING): string {
  return `${nameToText(name)} ${typeToText(type)} ${ZONE_ERROR_WORDING[code]}`;
}

function isAddressType(type: number): boolean {
  return type === RecordType.A || type === RecordType.AAAA;
}

function isWildcard(name: Name): boolean {
  return name[0] === 1 && name[1] === WILDCARD_LABEL;
}

/** Whether a wildcard answers for the name, or another zone's server (RFC 4592, RFC 1034 §4.2). */
function isCovered(zone: Zone, name: Name): boolean {
  const isOwn = zone.has(name);
  for (let at = 0; name.length - at > zone.apex.length; at += (name[at] ?? 0) + 1) {
    const ancestor = name.subarray(at);
    if (zone.get(ancestor, RecordType.NS) !== undefined) return true;
    const parent = name.subarray(at + (name[at] ?? 0) + 1);
    const wildcard = Uint8Array.of(1, WILDCARD_LABEL, ...parent);
    if (!isOwn && zone.has(wildcard)) return true;
  }
  return false;
}

function hostName(text: string, firstZone: Name): Name | undefined {
  const absolute = nameFromText(text);
  if (!absolute.ok) return undefined;
  const labels = labelCount(absolute.value);
  if (labels === 0) return undefined;
  if (labels > 1 || text.endsWith(".")) return absolute.value;
  const relative = nameFromText(text, firstZone);
  return relative.ok ? relative.value : undefined;
}
