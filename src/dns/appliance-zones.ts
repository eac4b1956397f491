/** The zones the appliance itself makes: discovery (DNS-1, DNS-2), its own host, and reverse. */
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { RecordType } from "./codes.ts";
import { isWithin, labelCount, literalName, lowerName, type Name, nameFromText } from "./name.ts";
import { addressRdata, soaRdata, srvRdata } from "./rdata.ts";
import { recordFromText } from "./record-text.ts";
import { reverseName, reverseZone } from "./reverse.ts";
import { Zone, type ZoneError, type ZoneRecord } from "./zone.ts";

/** The label pair under which clients look for a host, RFC 2782 and [P]. */
export const SERVICE_LABELS = "_vlmcs._tcp";

export type ApplianceZonesOptions = {
  /** Zone names, as `kms.test`. The first is the host's own where `host` is a single label. */
  readonly zones: readonly string[];
  /** The host's name: a single label in the first zone, or a full name. */
  readonly host: string;
  /** The host's IPv4 and IPv6 addresses, as text. */
  readonly addresses: readonly string[];
  /** Seconds, for every record. */
  readonly ttl: number;
  /** Seconds that "there is no such name" may be kept (RFC 2308 §4). */
  readonly negativeTtl?: number;
  /** SOA serial; to be raised with every change, for whoever compares it. */
  readonly serial: number;
  /** The SRV records; undefined while the host is withdrawn (DNS-4, DNS-5, HOST-12). */
  readonly publish:
    | { readonly priority: number; readonly weight: number; readonly ports: readonly number[] }
    | undefined;
  /** Whether reverse zones (/24 and /64) are made for `addresses`; true unless told. */
  readonly reverse?: boolean;
  /**
   * Further records as text (DNS-9), other hosts' SRV among them (DNS-3): `printer A 192.0.2.9`.
   * Names without a final dot are in the first zone. Addresses get their PTR as the host's do.
   */
  readonly staticRecords?: readonly string[];
  /** Further records as data, for example those that came by update (DNS-7). */
  readonly records?: readonly ZoneRecord[];
};

export type ApplianceZonesError =
  | {
      readonly code: "no-zones" | "bad-zone-name" | "same-zone-twice" | "bad-host" | "bad-address";
      readonly text: string;
    }
  | { readonly code: "bad-record"; readonly text: string; readonly error: DecodeError }
  | { readonly code: "record-outside-zones"; readonly record: ZoneRecord }
  | { readonly code: "bad-zone"; readonly apex: Name; readonly errors: readonly ZoneError[] };

export const DEFAULT_NEGATIVE_TTL_SECONDS = 300;
const REFRESH_SECONDS = 3600;
const RETRY_SECONDS = 900;
const EXPIRE_SECONDS = 604_800;

type Draft = { readonly apex: Name; readonly records: ZoneRecord[] };

export function buildApplianceZones(
  options: ApplianceZonesOptions,
): Result<readonly Zone[], ApplianceZonesError> {
  const apexes: Name[] = [];
  for (const text of options.zones) {
    const apex = nameFromText(text);
    if (!apex.ok) return fail({ code: "bad-zone-name", text });
    apexes.push(lowerName(apex.value));
  }
  const [first] = apexes;
  if (first === undefined) return fail({ code: "no-zones", text: "" });
  const host = hostName(options.host, first);
  if (host === undefined) return fail({ code: "bad-host", text: options.host });
  const further: ZoneRecord[] = [];
  for (const text of options.staticRecords ?? []) {
    const record = recordFromText(text, first, options.ttl);
    if (!record.ok) return fail({ code: "bad-record", text, error: record.error });
    further.push(record.value);
  }
  const drafts = apexes.map((apex) => ({ apex, records: forwardRecords(apex, host, options) }));
  for (const address of options.addresses) {
    const data = addressRdata(address);
    if (data === undefined) return fail({ code: "bad-address", text: address });
    closest(drafts, host)?.records.push({ name: host, ttl: options.ttl, ...data });
    if (options.reverse !== false) addReverse(drafts, data.rdata, host, host, options);
  }
  for (const { name, type, rdata } of options.reverse === false ? [] : further) {
    const isAddress = type === RecordType.A || type === RecordType.AAAA;
    if (isAddress) addReverse(drafts, rdata, name, host, options);
  }
  for (const record of [...further, ...(options.records ?? [])]) {
    const draft = closest(drafts, record.name);
    if (draft === undefined) return fail({ code: "record-outside-zones", record });
    draft.records.push(record);
  }
  return build(drafts, options.zones);
}

function build(
  drafts: readonly Draft[],
  texts: readonly string[],
): Result<readonly Zone[], ApplianceZonesError> {
  const zones: Zone[] = [];
  const seen = new Set<string>();
  for (const [index, { apex, records }] of drafts.entries()) {
    const key = apex.join();
    if (seen.has(key)) return fail({ code: "same-zone-twice", text: texts[index] ?? "" });
    seen.add(key);
    const zone = Zone.fromRecords(apex, records);
    if (!zone.ok) return fail({ code: "bad-zone", apex, errors: zone.error });
    zones.push(zone.value);
  }
  return ok(zones);
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

function closest(drafts: readonly Draft[], name: Name): Draft | undefined {
  return drafts
    .filter(({ apex }) => isWithin(name, apex))
    .toSorted((first, second) => second.apex.length - first.apex.length)[0];
}

/** SOA and NS: the host is the zone's one server. */
function apexRecords(apex: Name, host: Name, options: ApplianceZonesOptions): ZoneRecord[] {
  const { ttl, serial, negativeTtl = DEFAULT_NEGATIVE_TTL_SECONDS } = options;
  const mailbox = nameFromText("hostmaster", apex);
  const soa = soaRdata({
    primary: host,
    mailbox: mailbox.ok ? mailbox.value : apex,
    serial,
    refreshSeconds: REFRESH_SECONDS,
    retrySeconds: RETRY_SECONDS,
    expireSeconds: EXPIRE_SECONDS,
    minimumSeconds: negativeTtl,
  });
  return [
    { name: apex, type: RecordType.SOA, ttl, rdata: soa },
    { name: apex, type: RecordType.NS, ttl, rdata: host },
  ];
}

function forwardRecords(apex: Name, host: Name, options: ApplianceZonesOptions): ZoneRecord[] {
  const records = apexRecords(apex, host, options);
  const { publish, ttl } = options;
  const service = nameFromText(SERVICE_LABELS, apex);
  if (publish === undefined || !service.ok) return records;
  for (const port of publish.ports) {
    const { priority, weight } = publish;
    const rdata = srvRdata({ priority, weight, port, target: host });
    records.push({ name: service.value, type: RecordType.SRV, ttl, rdata });
  }
  return records;
}

/** A PTR in its /24 or /64 zone, which is made unless a zone of ours covers it already. */
function addReverse(
  drafts: Draft[],
  address: Uint8Array,
  target: Name,
  host: Name,
  options: ApplianceZonesOptions,
): void {
  const name = literalName(reverseName(address));
  let draft = closest(drafts, name);
  if (draft === undefined) {
    const apex = literalName(reverseZone(address));
    draft = { apex, records: apexRecords(apex, host, options) };
    drafts.push(draft);
  }
  draft.records.push({ name, type: RecordType.PTR, ttl: options.ttl, rdata: target });
}
