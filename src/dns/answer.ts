/**
 * From a query's octets to the reply's. Nearly every reply is prepared: the question's hash leads
 * to a body, the header and question are copied from the query as they came (so the client finds
 * its own spelling again, 0x20), and the OPT is written behind. A message with a readable header
 * is never left without an answer (RFC 8906), and nothing that comes can make this throw.
 */
import type { Clock } from "../platform/clock.ts";
import { AnswerTable, questionHash } from "./answer-table.ts";
import {
  HEADER_OCTETS,
  MAX_MESSAGE_OCTETS,
  Opcode,
  Rcode,
  RecordClass,
  RecordType,
  Transport,
} from "./codes.ts";
import { type Body, composeNegative, composeTemplate, type Template } from "./compose.ts";
import { COOKIE_OCTETS, CookieJar, type CookieSecrets, isCookieLength } from "./cookies.ts";
import {
  EDNS_VERSION,
  KEEPALIVE_OPTION_OCTETS,
  MAXIMUM_PAYLOAD_OCTETS,
  MINIMUM_PAYLOAD_OCTETS,
  OPT_OCTETS,
  OPTION_HEADER_OCTETS,
  OptionCode,
  writeOpt,
  writeOptionHeader,
} from "./edns.ts";
import { isolatedRootZone } from "./isolated-root.ts";
import type { DnsLimits } from "./limits.ts";
import { NameScan } from "./name-scan.ts";
import { isKnownOpcode, Query } from "./query.ts";
import { RateLimiter, type RateLimitOptions } from "./rate-limit.ts";
import { resolve } from "./resolve.ts";
import type { Zone } from "./zone.ts";
import { ZoneSet } from "./zone-set.ts";

export type ResponderOptions = {
  readonly limits: DnsLimits;
  readonly clock: Clock;
  /** Without it cookies are taken for an unknown option. */
  readonly cookies?: CookieSecrets;
  readonly rateLimit?: RateLimitOptions;
  /** Any number, best a random one: see {@link RateLimiter}. */
  readonly rateLimitSeed?: number;
  /** DNS-8: answer NXDOMAIN for what is not ours, instead of REFUSED. */
  readonly isolatedRoot?: boolean;
  /** Leave UPDATE messages, or all that end in a TSIG, to the caller: see {@link HAND_OVER}. */
  readonly handOverUpdates?: boolean;
  readonly handOverSigned?: boolean;
};

/** What `respond` gives for a message that the caller wants to answer itself. */
export const HAND_OVER = -1;

/** Rcodes 0 to 23 with the extended ones that we send. */
export const RCODE_SLOTS = 24;

const QR = 0x80;
const AA = 0x04;
const TC = 0x02;
const RD = 0x01;

/** Templates with more octets than this are composed anew each time instead of kept. */
const MAX_KEPT_OCTETS = 2048;

type Negatives = { readonly nxdomain: Template; readonly nodata: Template };

/** A reply without records. */
function bare(rcode: number): Template {
  return {
    rcode,
    authoritative: false,
    answers: 0,
    authorities: 0,
    additionals: 0,
    first: { octets: new Uint8Array(0), requiredLength: 0, additionalEnds: [] },
    rotations: [],
    pointers: new Uint16Array(0),
    nameLength: 0,
    limitHash: rcode,
    turn: 0,
  };
}

const REFUSED = bare(Rcode.REFUSED);
const FORMERR = bare(Rcode.FORMERR);
const NOERROR = bare(Rcode.NOERROR);
const BADVERS = bare(Rcode.BADVERS);

export class Responder {
  /** Replies by transport * RCODE_SLOTS + rcode. */
  readonly answers = new Float64Array(2 * RCODE_SLOTS);
  /** Messages without a readable header, or that are replies themselves. */
  dropped = 0;
  truncated = 0;
  /** Replies held back or shortened by the rate limit. */
  limited = 0;

  readonly #options: ResponderOptions;
  readonly #cookies: CookieJar | undefined;
  readonly #limiter: RateLimiter | undefined;
  readonly #query = new Query();
  readonly #aliasScan = new NameScan();
  #zones = new ZoneSet([]);
  #negatives = new Map<Zone, Negatives>();
  #prepared = new AnswerTable(0);
  #cached = new AnswerTable(0);
  #hasValidCookie = false;

  constructor(options: ResponderOptions) {
    this.#options = options;
    const { udpPayloadOctets } = options.limits;
    if (udpPayloadOctets < MINIMUM_PAYLOAD_OCTETS || udpPayloadOctets > MAXIMUM_PAYLOAD_OCTETS) {
      throw new Error(`udpPayloadOctets: ${udpPayloadOctets}`);
    }
    const { cookies, rateLimit, rateLimitSeed = 0 } = options;
    this.#cookies = cookies === undefined ? undefined : new CookieJar(cookies);
    this.#limiter = rateLimit === undefined ? undefined : new RateLimiter(rateLimit, rateLimitSeed);
    this.setZones([]);
  }

  /** Answers for these zones from now on. To be called again after one of them was changed. */
  setZones(zones: readonly Zone[]): void {
    const isOpen = this.#options.isolatedRoot !== true || zones.some(({ apex }) => apex[0] === 0);
    const served = isOpen ? zones : [...zones, isolatedRootZone(zones)];
    const zoneSet = new ZoneSet(served);
    const negatives = new Map(
      served.map((zone) => [
        zone,
        {
          nxdomain: composeNegative(zone, Rcode.NXDOMAIN),
          nodata: composeNegative(zone, Rcode.NOERROR),
        },
      ]),
    );
    this.#zones = zoneSet;
    this.#negatives = negatives;
    this.#cached = new AnswerTable(this.#options.limits.cachedAnswers);
    this.#prepare(served);
  }

  /**
   * Answers `message[start..end)` into `out` from `outStart` on, which must have room for a whole
   * message of the transport. Gives the reply's length; 0: no reply; or {@link HAND_OVER}.
   */
  respond(
    message: Uint8Array,
    start: number,
    end: number,
    address: string,
    transport: Transport,
    out: Uint8Array,
    outStart: number,
  ): number {
    const flags = message[start + 2] ?? 0;
    if (end - start < HEADER_OCTETS || (flags & QR) !== 0) {
      this.dropped += 1;
      return 0;
    }
    const opcode = (flags >> 3) & 15;
    const query = this.#query;
    this.#hasValidCookie = false;
    if (!isKnownOpcode(opcode)) {
      return this.#header(message, start, transport, Rcode.NOTIMP, out, outStart);
    }
    if (opcode === Opcode.UPDATE && this.#options.handOverUpdates === true) return HAND_OVER;
    if (!query.read(message, start, end)) {
      return this.#header(message, start, transport, Rcode.FORMERR, out, outStart);
    }
    if (query.isSigned && this.#options.handOverSigned === true) return HAND_OVER;
    const template = this.#choose(message, address);
    if (template === undefined) {
      return this.#header(message, start, transport, Rcode.FORMERR, out, outStart);
    }
    const decision = this.#limit(address, transport, template);
    if (decision === "drop") return 0;
    return this.#write(message, start, address, transport, template, decision, out, outStart);
  }

  /** SERVFAIL, for a caller that met a defect of ours in {@link respond}. */
  fail(
    message: Uint8Array,
    start: number,
    transport: Transport,
    out: Uint8Array,
    outStart: number,
  ): number {
    return this.#header(message, start, transport, Rcode.SERVFAIL, out, outStart);
  }

  /** The reply to the query just read; undefined for FORMERR with nothing but a header. */
  #choose(message: Uint8Array, address: string): Template | undefined {
    const query = this.#query;
    const { edns } = query;
    if (edns.version !== EDNS_VERSION) return BADVERS;
    if (this.#cookies !== undefined && edns.cookieOffset >= 0) {
      if (!isCookieLength(edns.cookieLength)) return FORMERR;
      const { cookieOffset, cookieLength } = edns;
      const now = this.#options.clock() / 1000;
      this.#hasValidCookie = this.#cookies.isValid(
        message,
        cookieOffset,
        cookieLength,
        address,
        now,
      );
    }
    if (query.questions === 0) {
      // RFC 7873 §5.4: a client may ask for a cookie alone.
      const asksForCookie = this.#cookies !== undefined && edns.cookieOffset >= 0;
      return asksForCookie && query.opcode === Opcode.QUERY ? NOERROR : undefined;
    }
    if (query.opcode !== Opcode.QUERY || query.class !== RecordClass.IN) return REFUSED;
    // Zone transfers are not offered; asked by UDP they are as little.
    if (query.type === RecordType.AXFR || query.type === RecordType.IXFR) return REFUSED;
    // Keys are not negotiated (RFC 2930, RFC 3645): Windows asks for that after a refused update.
    if (query.type === RecordType.TKEY) return REFUSED;
    return this.#answer(query.name, query.type);
  }

  #answer(name: NameScan, type: number): Template {
    const hash = questionHash(name, type);
    const known = this.#prepared.find(name, type, hash) ?? this.#cached.find(name, type, hash);
    if (known !== undefined) return known;
    const resolution = resolve(this.#zones, name, type, this.#aliasScan);
    switch (resolution.kind) {
      case "refused":
        return REFUSED;
      case "negative": {
        const negatives = this.#negatives.get(resolution.zone);
        if (negatives === undefined) return REFUSED;
        return resolution.rcode === Rcode.NXDOMAIN ? negatives.nxdomain : negatives.nodata;
      }
      case "records": {
        const template = composeTemplate(name.name(), name.hashes[0] ?? 0, resolution);
        if (isWorthKeeping(template)) this.#cached.insert(name, type, hash, template);
        return template;
      }
    }
  }

  #limit(address: string, transport: Transport, template: Template): "answer" | "slip" | "drop" {
    if (this.#limiter === undefined || transport === Transport.TCP) return "answer";
    if (this.#hasValidCookie) return "answer";
    const now = this.#options.clock() / 1000;
    const decision = this.#limiter.decide(address, template.limitHash, now);
    if (decision !== "answer") this.limited += 1;
    return decision;
  }

  /** A reply of a header alone: everything but id, opcode and, for a query, RD is zero. */
  #header(
    message: Uint8Array,
    start: number,
    transport: Transport,
    rcode: number,
    out: Uint8Array,
    outStart: number,
  ): number {
    const flags = message[start + 2] ?? 0;
    const recursion = (flags & 0x78) === 0 ? flags & RD : 0;
    out[outStart] = message[start] ?? 0;
    out[outStart + 1] = message[start + 1] ?? 0;
    out[outStart + 2] = QR | (flags & 0x78) | recursion;
    out[outStart + 3] = rcode;
    for (let at = outStart + 4; at < outStart + HEADER_OCTETS; at += 1) out[at] = 0;
    this.#count(transport, rcode);
    return HEADER_OCTETS;
  }

  #write(
    message: Uint8Array,
    start: number,
    address: string,
    transport: Transport,
    template: Template,
    decision: "answer" | "slip",
    out: Uint8Array,
    outStart: number,
  ): number {
    const { edns, questionEnd, questions } = this.#query;
    let at = outStart;
    for (let from = start; from < questionEnd; from += 1, at += 1) out[at] = message[from] ?? 0;
    const question = at;
    const body = nextBody(template);
    const room = this.#room(transport) - (questionEnd - start) - this.#optOctets(transport);
    let { answers, authorities, additionals } = template;
    let flags = QR | ((message[start + 2] ?? 0) & 0x78) | (template.authoritative ? AA : 0);
    if (decision === "answer" && body.octets.length <= room) {
      out.set(body.octets, at);
      at += body.octets.length;
      movePointers(out, question, template, this.#query.name.length);
    } else {
      const end = decision === "slip" ? undefined : fittingEnd(body, room);
      answers = end === undefined ? 0 : answers;
      authorities = end === undefined ? 0 : authorities;
      additionals = end?.count ?? 0;
      at += end?.length ?? 0;
      for (let from = question; from < at; from += 1) out[from] = body.octets[from - question] ?? 0;
      // A referral short of glue is truncated, RFC 9471 §3; other addresses are a courtesy.
      const isComplete = end !== undefined && (template.authoritative || template.answers > 0);
      if (!isComplete) {
        flags |= TC;
        this.truncated += 1;
      }
    }
    if ((flags & 0x78) === 0) flags |= (message[start + 2] ?? 0) & RD;
    out[outStart + 2] = flags;
    out[outStart + 3] = template.rcode & 15;
    writeCount(out, outStart + 4, questions);
    writeCount(out, outStart + 6, answers);
    writeCount(out, outStart + 8, authorities);
    writeCount(out, outStart + 10, additionals + (edns.present ? 1 : 0));
    this.#count(transport, template.rcode);
    if (!edns.present) return at - outStart;
    return this.#writeOpt(message, address, transport, template.rcode, out, at) - outStart;
  }

  /** The largest reply that the client takes. */
  #room(transport: Transport): number {
    if (transport === Transport.TCP) return MAX_MESSAGE_OCTETS;
    const { edns } = this.#query;
    if (!edns.present) return MINIMUM_PAYLOAD_OCTETS;
    return Math.min(edns.payloadOctets, this.#options.limits.udpPayloadOctets);
  }

  #givesCookie(): boolean {
    const { edns } = this.#query;
    return (
      this.#cookies !== undefined && edns.cookieOffset >= 0 && isCookieLength(edns.cookieLength)
    );
  }

  #optOctets(transport: Transport): number {
    const { edns } = this.#query;
    if (!edns.present) return 0;
    const keepalive = edns.keepalive && transport === Transport.TCP ? KEEPALIVE_OPTION_OCTETS : 0;
    return (
      OPT_OCTETS + keepalive + (this.#givesCookie() ? OPTION_HEADER_OCTETS + COOKIE_OCTETS : 0)
    );
  }

  #writeOpt(
    message: Uint8Array,
    address: string,
    transport: Transport,
    rcode: number,
    out: Uint8Array,
    optAt: number,
  ): number {
    const { edns } = this.#query;
    const { limits, clock } = this.#options;
    let at = writeOpt(out, optAt, rcode >> 4, edns.dnssecOk, limits.udpPayloadOctets);
    if (this.#givesCookie()) {
      at = writeOptionHeader(out, optAt, at, OptionCode.COOKIE, COOKIE_OCTETS);
      this.#cookies?.write(message, edns.cookieOffset, address, clock() / 1000, out, at);
      at += COOKIE_OCTETS;
    }
    if (edns.keepalive && transport === Transport.TCP) {
      at = writeOptionHeader(out, optAt, at, OptionCode.TCP_KEEPALIVE, 2);
      // RFC 7828 §3.1: in units of 100 milliseconds.
      writeCount(out, at, Math.min(Math.floor(limits.tcpIdleMs / 100), 0xffff));
      at += 2;
    }
    return at;
  }

  #count(transport: Transport, rcode: number): void {
    const slot = transport * RCODE_SLOTS + rcode;
    this.answers[slot] = (this.answers[slot] ?? 0) + 1;
  }

  /** Prepares every answer that has records, unless the zones are too large for that. */
  #prepare(zones: readonly Zone[]): void {
    const sets = zones.reduce((sum, zone) => sum + zone.recordSetCount, 0);
    const isSmall = sets <= this.#options.limits.preparedRecordSets;
    this.#prepared = new AnswerTable(isSmall ? sets * 4 : 0);
    if (!isSmall) return;
    const scan = new NameScan();
    for (const zone of zones) {
      for (let node = 0; node < zone.names.size; node += 1) {
        scan.scanName(zone.names.name(node));
        for (let set = zone.headOf(node); set >= 0; set = zone.sets.next(set)) {
          this.#prepareOne(scan, zone.sets.type(set));
        }
      }
    }
  }

  #prepareOne(name: NameScan, type: number): void {
    const hash = questionHash(name, type);
    if (this.#prepared.find(name, type, hash) !== undefined) return;
    const resolution = resolve(this.#zones, name, type, this.#aliasScan);
    if (resolution.kind !== "records") return;
    const template = composeTemplate(name.name(), name.hashes[0] ?? 0, resolution);
    if (isWorthKeeping(template)) this.#prepared.insert(name, type, hash, template);
  }
}

function isWorthKeeping({ first, rotations }: Template): boolean {
  return first.octets.length * Math.max(1, rotations.length) <= MAX_KEPT_OCTETS;
}

function nextBody(template: Template): Body {
  const { rotations } = template;
  if (rotations.length === 0) return template.first;
  template.turn = (template.turn + 1) % rotations.length;
  return rotations[template.turn] ?? template.first;
}

/** Negative answers are composed for the apex: behind a longer name their pointers move. */
function movePointers(out: Uint8Array, at: number, template: Template, nameLength: number): void {
  const { pointers } = template;
  const distance = nameLength - template.nameLength;
  if (pointers.length === 0 || distance === 0) return;
  for (const offset of pointers) {
    const value = (((out[at + offset] ?? 0) << 8) | (out[at + offset + 1] ?? 0)) + distance;
    writeCount(out, at + offset, value);
  }
}

function fittingEnd(
  { requiredLength, additionalEnds }: Body,
  room: number,
): { readonly length: number; readonly count: number } | undefined {
  if (requiredLength > room) return undefined;
  return additionalEnds.find(({ length }) => length <= room);
}

function writeCount(out: Uint8Array, at: number, value: number): void {
  out[at] = value >> 8;
  out[at + 1] = value & 0xff;
}
