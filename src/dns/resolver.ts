/**
 * Look-ups for discovery (CLIENT-1): asks one server, believes nothing of what comes back that was
 * not checked. Messages are read with dns-packet, which accepts more than it should: hence the
 * checks of header and question before, and of every value after.
 */
import { decode, encode } from "dns-packet";
import type { Endpoint } from "../platform/endpoint.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { addressFromText } from "./address.ts";
import { Rcode, RecordClass } from "./codes.ts";
import { UDP_PAYLOAD_OCTETS } from "./edns.ts";
import { type ExchangeError, exchangeByTcp, exchangeByUdp } from "./exchange.ts";
import { labelCount, type Name, nameFromText, nameToText, readName, sameName } from "./name.ts";

type LookupErrorCode =
  | ExchangeError
  | "bad-name"
  /** The name does not exist. */
  | "nxdomain"
  /** The name exists without records of the type. */
  | "nodata"
  /** The service is said not to be had in this domain: its SRV target is the root (RFC 2782). */
  | "unavailable"
  | "formerr"
  | "servfail"
  | "notimp"
  | "refused"
  /** Another rcode, given in `rcode`. */
  | "other";

export type LookupError = { readonly code: LookupErrorCode; readonly rcode?: number };

export type LookupOptions = {
  readonly server: Endpoint;
  /** As text, absolute with or without the final dot. */
  readonly name: string;
  /** For everything the look-up needs. */
  readonly timeoutMs: number;
  readonly randomBytes: RandomBytes;
};

export type SrvHost = {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Without the final dot, in lower case. */
  readonly target: string;
  /** From the additional section; may be empty though the target has addresses. */
  readonly addresses: readonly string[];
};

const RCODE_ERRORS: ReadonlyMap<number, LookupErrorCode> = new Map([
  [Rcode.FORMERR, "formerr"],
  [Rcode.SERVFAIL, "servfail"],
  [Rcode.NXDOMAIN, "nxdomain"],
  [Rcode.NOTIMP, "notimp"],
  [Rcode.REFUSED, "refused"],
] as const);

const TYPES = { A: 1, AAAA: 28, SRV: 33 } as const;
type LookupType = keyof typeof TYPES;

/** Aliases followed within one reply. */
const MAX_ALIASES = 8;

/** A record as far as it was understood: owner and target in lower case, without final dots. */
type Answered = { readonly owner: string; readonly type: string; readonly data: unknown };
type Reply = {
  readonly owner: string;
  readonly answers: Answered[];
  readonly additionals: Answered[];
};

/** The SRV records of a name, in the order they came, or why there are none. */
export async function lookupSrv(
  options: LookupOptions,
): Promise<Result<readonly SrvHost[], LookupError>> {
  const reply = await lookup(options, "SRV");
  if (!reply.ok) return reply;
  const { owner, answers, additionals } = reply.value;
  const records = answers.filter((answer) => answer.owner === owner && answer.type === "SRV");
  const hosts = records.flatMap(({ data }) => {
    const fields = srvFields(data);
    if (fields === undefined) return [];
    return [{ ...fields, addresses: addressesOf(additionals, fields.target) }];
  });
  const usable = hosts.filter(({ target }) => target !== "");
  if (usable.length > 0) return ok(usable);
  return fail({ code: hosts.length > 0 ? "unavailable" : "nodata" });
}

/** The IPv4 and IPv6 addresses of a host; an error only if it has neither. */
export async function lookupAddresses(
  options: LookupOptions,
): Promise<Result<readonly string[], LookupError>> {
  const replies = await Promise.all([lookup(options, "A"), lookup(options, "AAAA")]);
  const addresses = replies.flatMap((reply) =>
    reply.ok ? addressesOf(reply.value.answers, reply.value.owner) : [],
  );
  if (addresses.length > 0) return ok(addresses);
  const failures = replies.flatMap((reply) => (reply.ok ? [] : [reply.error]));
  // "No such type" of one family says less than what went wrong with the other.
  return fail(failures.find(({ code }) => code !== "nodata") ?? { code: "nodata" });
}

async function lookup(
  { server, name, timeoutMs, randomBytes }: LookupOptions,
  type: LookupType,
): Promise<Result<Reply, LookupError>> {
  const wire = nameFromText(name);
  if (!wire.ok || labelCount(wire.value) === 0) return fail({ code: "bad-name" });
  const [high = 0, low = 0] = randomBytes(2);
  const id = (high << 8) | low;
  const query = buildQuery(id, wire.value, type);
  if (query === undefined) return fail({ code: "bad-name" });
  const isReply = (message: Uint8Array) => isReplyTo(message, id, wire.value, TYPES[type]);
  const started = performance.now();
  const exchange = { server, query, timeoutMs, isReply };
  let outcome = await exchangeByUdp(exchange);
  if (outcome.ok && ((outcome.value[2] ?? 0) & 0x02) !== 0) {
    const left = Math.max(1, timeoutMs - (performance.now() - started));
    outcome = await exchangeByTcp({ ...exchange, timeoutMs: left });
  }
  if (!outcome.ok) return fail({ code: outcome.error });
  return readReply(outcome.value, plainName(nameToText(wire.value)), type);
}

/** Undefined where the text is a name that dns-packet cannot carry: it knows no escapes. */
function buildQuery(id: number, name: Name, type: LookupType): Uint8Array | undefined {
  const text = nameToText(name);
  if (text.includes("\\")) return undefined;
  return encode({
    type: "query",
    id,
    questions: [{ name: plainName(text), type, class: "IN" }],
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: UDP_PAYLOAD_OCTETS,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
}

/** Same id, and the same question or, as FORMERR may, none (RFC 5452 §9.1). */
function isReplyTo(message: Uint8Array, id: number, name: Name, type: number): boolean {
  if (message.length < 12) return false;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  if (view.getUint16(0) !== id || (view.getUint8(2) & 0xf8) !== 0x80) return false;
  const questions = view.getUint16(4);
  if (questions !== 1) return questions === 0 && (view.getUint8(3) & 15) !== Rcode.NOERROR;
  const asked = readName(message, 12);
  if (!asked.ok || asked.value.end + 4 > message.length) return false;
  return (
    sameName(asked.value.name, name) &&
    view.getUint16(asked.value.end) === type &&
    view.getUint16(asked.value.end + 2) === RecordClass.IN
  );
}

function readReply(
  message: Uint8Array,
  asked: string,
  type: LookupType,
): Result<Reply, LookupError> {
  const rcode = (message[3] ?? 0) & 15;
  if (rcode !== Rcode.NOERROR) return fail({ code: RCODE_ERRORS.get(rcode) ?? "other", rcode });
  try {
    const { answers = [], additionals = [] } = decode(Buffer.from(message));
    const read = (records: readonly object[]) => records.flatMap(readRecord);
    const found = { answers: read(answers), additionals: read(additionals) };
    const owner = followAliases(found.answers, asked);
    const isThere = found.answers.some((answer) => answer.owner === owner && answer.type === type);
    return isThere ? ok({ owner, ...found }) : fail({ code: "nodata" });
  } catch {
    return fail({ code: "malformed" });
  }
}

function readRecord(record: object): Answered[] {
  const { name, type, data } = record as { name?: unknown; type?: unknown; data?: unknown };
  if (typeof name !== "string" || typeof type !== "string") return [];
  return [{ owner: plainName(name), type, data }];
}

function followAliases(answers: readonly Answered[], asked: string): string {
  let owner = asked;
  for (let aliases = 0; aliases < MAX_ALIASES; aliases += 1) {
    const alias = answers.find((answer) => answer.owner === owner && answer.type === "CNAME");
    if (typeof alias?.data !== "string") return owner;
    owner = plainName(alias.data);
  }
  return owner;
}

function srvFields(data: unknown): Omit<SrvHost, "addresses"> | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { priority, weight, port, target } = data as Record<string, unknown>;
  if (!isUint16(priority) || !isUint16(weight) || !isUint16(port)) return undefined;
  if (typeof target !== "string") return undefined;
  const plain = plainName(target);
  if (plain !== "" && !nameFromText(plain).ok) return undefined;
  return { priority, weight, port, target: plain };
}

function isUint16(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

function addressesOf(records: readonly Answered[], owner: string): string[] {
  return records.flatMap(({ owner: own, type, data }) => {
    if (own !== owner || (type !== "A" && type !== "AAAA") || typeof data !== "string") return [];
    return addressFromText(data) === undefined ? [] : [data];
  });
}

/** For comparison: ASCII lower case, no final dot; the root is empty. */
function plainName(text: string): string {
  return text.replace(/\.$/, "").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
