/** The zones, packets and shorthands that the name server's tests share. */
import { decode } from "dns-packet";
import { COOKIE_SECRET_OCTETS } from "../../src/dns/cookies.ts";
import { DEFAULT_DNS_LIMITS } from "../../src/dns/limits.ts";
import { literalName, type Name } from "../../src/dns/name.ts";
import { rdataToText, recordFromText } from "../../src/dns/record-text.ts";
import { type DnsServer, type DnsServerOptions, listenDns } from "../../src/dns/server.ts";
import { Zone, type ZoneRecord } from "../../src/dns/zone.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";

export const LOOPBACK: Endpoint = { address: "127.0.0.1", port: 0 };

/** Any time will do where only its passing counts. */
export const NOW = 1_800_000_000_000;

export function records(lines: string, origin: Name): ZoneRecord[] {
  return lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const record = recordFromText(line, origin, 3600);
      if (!record.ok) throw new Error(`${line}: ${record.error.code} ${record.error.field}`);
      return record.value;
    });
}

/** A zone from lines of records; names without a final dot are below the apex. */
export function zoneOf(apex: string, lines: string): Zone {
  const name = literalName(apex);
  const zone = Zone.fromRecords(name, records(lines, name));
  if (!zone.ok) throw new Error(zone.error.map(({ code }) => code).join());
  return zone.value;
}

const bigText = Array.from(
  { length: 60 },
  (_, index) => `big TXT "text number ${String(index).padStart(2, "0")} of sixty"`,
).join("\n");

/** The zone of the conformance cases. */
export const testZones = (): Zone[] => [
  zoneOf(
    "kms.test",
    `@ SOA kms hostmaster 1 3600 900 604800 300
     @ NS kms
     @ TXT "the apex"
     kms A 192.0.2.1
     kms AAAA 2001:db8::1
     alias CNAME kms
     *.wild TXT "from the wildcard"
     a.b.c A 192.0.2.3
     t666 TYPE666 \\# 4 deadbeef
     ${bigText}
     _vlmcs._tcp SRV 0 0 1688 kms`.replaceAll(/^ +/gm, ""),
  ),
  zoneOf(
    "2.0.192.in-addr.arpa",
    `@ SOA kms.kms.test. hostmaster.kms.test. 1 3600 900 604800 300
@ NS kms.kms.test.
1 PTR kms.kms.test.`,
  ),
];

export async function startServer(options: Partial<DnsServerOptions> = {}): Promise<DnsServer> {
  const server = await listenDns({
    listen: [LOOPBACK],
    limits: DEFAULT_DNS_LIMITS,
    clock: () => NOW,
    randomBytes: (length) => new Uint8Array(length).fill(7),
    cookies: { current: new Uint8Array(COOKIE_SECRET_OCTETS).fill(1) },
    ...options,
  });
  server.setZones(testZones());
  return server;
}

export function endpointOf(server: DnsServer): Endpoint {
  const [endpoint] = server.endpoints;
  if (endpoint === undefined) throw new Error("no endpoint");
  return endpoint;
}

export function octets(
  ...parts: readonly (number | string | Uint8Array)[]
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === "number") return [part];
      return typeof part === "string"
        ? [...Uint8Array.fromHex(part.replaceAll(" ", ""))]
        : [...part];
    }),
  );
}

export type QueryParts = {
  readonly id?: number;
  /** The two octets of flags. */
  readonly flags?: number;
  readonly name?: string | Uint8Array;
  readonly type?: number;
  readonly class?: number;
  /** QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT where they are not those of what follows. */
  readonly counts?: readonly [number, number, number, number];
  /** Written behind the question, counted as additional records. */
  readonly additional?: readonly Uint8Array[];
  readonly trailing?: Uint8Array;
};

export const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);

export function question(name: string | Uint8Array, type: number, recordClass = 1): Uint8Array {
  const wire = typeof name === "string" ? literalName(name) : name;
  return octets(wire, u16(type), u16(recordClass));
}

export function query(parts: QueryParts): Uint8Array<ArrayBuffer> {
  const { id = 0x1234, flags = 0, name, additional = [], trailing = octets() } = parts;
  const counts = parts.counts ?? [name === undefined ? 0 : 1, 0, 0, additional.length];
  const asked = name === undefined ? octets() : question(name, parts.type ?? 1, parts.class ?? 1);
  return octets(u16(id), u16(flags), ...counts.map(u16), asked, ...additional, trailing);
}

export type OptParts = {
  readonly owner?: Uint8Array;
  readonly payload?: number;
  readonly version?: number;
  readonly flags?: number;
  readonly options?: readonly Uint8Array[];
  /** RDLENGTH where it is not the true one. */
  readonly length?: number;
};

export function option(code: number, data: Uint8Array, length = data.length): Uint8Array {
  return octets(u16(code), u16(length), data);
}

export function opt(parts: OptParts = {}): Uint8Array {
  const { owner = octets(0), payload = 1232, version = 0, flags = 0, options = [] } = parts;
  const data = octets(...options);
  return octets(
    owner,
    u16(41),
    u16(payload),
    0,
    version,
    u16(flags),
    u16(parts.length ?? data.length),
    data,
  );
}

export type Header = {
  readonly id: number;
  readonly opcode: number;
  readonly rcode: number;
  /** Those set, as dig writes them; `z` where the reserved bit is. */
  readonly flags: string;
  readonly counts: readonly number[];
};

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [0x8000, "qr"],
  [0x0400, "aa"],
  [0x0200, "tc"],
  [0x0100, "rd"],
  [0x0080, "ra"],
  [0x0040, "z"],
  [0x0020, "ad"],
  [0x0010, "cd"],
];

export function headerOf(message: Uint8Array): Header {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const flags = view.getUint16(2);
  return {
    id: view.getUint16(0),
    opcode: (flags >> 11) & 15,
    rcode: flags & 15,
    flags: FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0)
      .map(([, name]) => name)
      .join(" "),
    counts: [4, 6, 8, 10].map((at) => view.getUint16(at)),
  };
}

export type ReplyText = {
  readonly header: Header;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** Payload size, extended rcode, version, flags and options of the OPT, if there is one. */
  readonly edns:
    | {
        readonly payload: number;
        readonly extendedRcode: number;
        readonly version: number;
        readonly flags: number;
        readonly options: ReadonlyMap<number, string>;
      }
    | undefined;
};

/** A reply as dns-packet reads it: nothing of ours takes part in judging ours. */
export function readReply(message: Uint8Array): ReplyText {
  const { answers = [], authorities = [], additionals = [] } = decode(Buffer.from(message));
  const sections = [answers, authorities, additionals] as unknown as OracleRecord[][];
  const [answer = [], authority = [], additional = []] = sections;
  const pseudo = additional.find(({ type }) => type === "OPT");
  return {
    header: headerOf(message),
    answer: answer.map(oracleText),
    authority: authority.map(oracleText),
    additional: additional.filter(({ type }) => type !== "OPT").map(oracleText),
    edns: pseudo && {
      payload: pseudo.udpPayloadSize ?? 0,
      extendedRcode: pseudo.extendedRcode ?? 0,
      version: pseudo.ednsVersion ?? 0,
      flags: pseudo.flags ?? 0,
      options: new Map(
        pseudo.options?.map(({ code, data }) => [code, new Uint8Array(data ?? []).toHex()]),
      ),
    },
  };
}

type OracleRecord = {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly data?: unknown;
  readonly udpPayloadSize?: number;
  readonly extendedRcode?: number;
  readonly ednsVersion?: number;
  readonly flags?: number;
  readonly options?: readonly { readonly code: number; readonly data?: Uint8Array }[];
};

function oracleText({ name, ttl, type, data }: OracleRecord): string {
  return `${name} ${ttl} ${type} ${oracleData(data)}`;
}

function oracleData(data: unknown): string {
  if (data instanceof Uint8Array) return Buffer.from(data).toString("latin1");
  if (Array.isArray(data)) return data.map(oracleData).join(" ");
  if (typeof data === "object" && data !== null) return Object.values(data).join(" ");
  return String(data);
}

/** The records of a zone as text, for comparison. */
export function zoneText(zone: Zone): string[] {
  return [...zone.records()].map(
    ({ name, type, ttl, rdata }) =>
      `${Buffer.from(name).toString("latin1")} ${ttl} ${type} ${rdataToText(type, rdata)}`,
  );
}

/** Sends datagrams to a server and gives the replies in the order they come. */
export async function udpClient(server: DnsServer) {
  const endpoint = endpointOf(server);
  const waiting: ((message: Uint8Array) => void)[] = [];
  const arrived: Uint8Array[] = [];
  const socket = await Bun.udpSocket({
    // A socket connects within its own family only, and is one of IPv4 unless told.
    hostname: endpoint.address.includes(":") ? "::" : "0.0.0.0",
    binaryType: "uint8array",
    connect: { hostname: endpoint.address, port: endpoint.port },
    socket: {
      data: (_socket, message) => {
        const next = waiting.shift();
        if (next === undefined) arrived.push(message);
        else next(message);
      },
    },
  });
  const next = (): Promise<Uint8Array> => {
    const message = arrived.shift();
    return message === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(message);
  };
  return {
    send: (message: Uint8Array) => socket.send(message),
    next,
    ask: (message: Uint8Array) => {
      socket.send(message);
      return next();
    },
    close: () => socket.close(),
  };
}

/** A TCP connection to a server, its messages taken out of their frames. */
export async function tcpClient(server: DnsServer) {
  const endpoint = endpointOf(server);
  let buffer = new Uint8Array(0);
  const waiting: ((message: Uint8Array) => void)[] = [];
  const arrived: Uint8Array[] = [];
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: endpoint.address,
    port: endpoint.port,
    allowHalfOpen: true,
    socket: {
      data: (_socket, chunk) => {
        buffer = octets(buffer, chunk);
        for (;;) {
          const length = ((buffer[0] ?? 0) << 8) | (buffer[1] ?? 0);
          if (buffer.length < 2 || buffer.length < 2 + length) return;
          const message = buffer.slice(2, 2 + length);
          buffer = buffer.slice(2 + length);
          const next = waiting.shift();
          if (next === undefined) arrived.push(message);
          else next(message);
        }
      },
      end: (own) => {
        own.end();
        onClosed();
      },
      close: () => onClosed(),
      error: () => onClosed(),
    },
  });
  const next = (): Promise<Uint8Array> => {
    const message = arrived.shift();
    return message === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(message);
  };
  return {
    socket,
    next,
    closed,
    write: (bytes: Uint8Array) => socket.write(bytes),
    ask: (message: Uint8Array) => {
      socket.write(framed(message));
      return next();
    },
    close: () => socket.terminate(),
  };
}

export function framed(message: Uint8Array): Uint8Array {
  return octets(u16(message.length), message);
}
