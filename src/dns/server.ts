/** The name server's shell: sockets around {@link Responder}, UDP and TCP on one port each. */
import type { Clock } from "../platform/clock.ts";
import { BindError, type Endpoint } from "../platform/endpoint.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { RCODE_SLOTS, Responder } from "./answer.ts";
import { MAX_MESSAGE_OCTETS, RCODE_NAMES, Rcode, type Transport } from "./codes.ts";
import { COOKIE_SECRET_OCTETS, type CookieSecrets } from "./cookies.ts";
import type { HandleSigned, HandleUpdate, HandOver } from "./hand-over.ts";
import type { DnsLimits } from "./limits.ts";
import type { RateLimitOptions } from "./rate-limit.ts";
import { TcpListeners } from "./server-tcp.ts";
import { UdpListener } from "./server-udp.ts";
import type { Zone } from "./zone.ts";

export type DnsServerEvent =
  /** A defect of ours: the query was answered SERVFAIL. */
  | { readonly kind: "defect"; readonly error: unknown }
  | { readonly kind: "update-failed"; readonly error: unknown; readonly peer: Endpoint };

export type DnsServerOptions = {
  /**
   * Where to listen, by UDP and TCP. A wildcard address lets the system choose the address that
   * replies come from: on a machine with several, name them one by one.
   */
  readonly listen: readonly Endpoint[];
  readonly limits: DnsLimits;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log?: (event: DnsServerEvent) => void;
  /** `false`: no cookies. Without secrets, one is drawn at start. */
  readonly cookies?: CookieSecrets | false;
  /** Off unless given. */
  readonly rateLimit?: RateLimitOptions;
  /** DNS-8. */
  readonly isolatedRoot?: boolean;
  readonly handleUpdate?: HandleUpdate;
  readonly handleSigned?: HandleSigned;
};

type DnsStatistics = {
  readonly answers: readonly {
    readonly transport: "udp" | "tcp";
    readonly rcode: string;
    readonly count: number;
  }[];
  /** Messages that deserve no answer: no whole header, or replies. */
  readonly dropped: number;
  readonly truncated: number;
  readonly rateLimited: number;
  /** Replies by UDP that could not be sent. */
  readonly unsent: number;
  /** Updates and signed messages handed over. */
  readonly handedOver: number;
  readonly defects: number;
  readonly tcp: {
    readonly open: number;
    readonly accepted: number;
    readonly evicted: number;
    readonly expired: number;
  };
};

export type DnsServer = {
  /** The actual endpoints, in the order of `listen`. */
  readonly endpoints: readonly Endpoint[];
  /** Serves these zones from the next query on; to be called again after one was changed. */
  setZones(zones: readonly Zone[]): void;
  statistics(): DnsStatistics;
  /** Whether every socket is open. */
  healthy(): boolean;
  close(): Promise<void>;
};

/** Tries to find one port that is free for both transports. */
const PORT_ATTEMPTS = 32;

/** Opens every endpoint. Throws {@link BindError}, with nothing left open. */
export async function listenDns(options: DnsServerOptions): Promise<DnsServer> {
  const server = new Server(options);
  try {
    for (const endpoint of options.listen) await server.open(endpoint);
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

class Server implements DnsServer {
  readonly endpoints: Endpoint[] = [];
  readonly #options: DnsServerOptions;
  readonly #responder: Responder;
  readonly #udp: UdpListener[] = [];
  readonly #tcp: TcpListeners;
  readonly #udpCounters = { unsent: 0, defects: 0 };
  readonly #tcpCounters = { accepted: 0, evicted: 0, expired: 0, defects: 0 };
  #handedOver = 0;
  #pendingUpdates = 0;
  #isClosed = false;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    const { limits, clock, randomBytes, cookies, rateLimit, isolatedRoot } = options;
    const seed = new DataView(randomBytes(4).buffer).getInt32(0);
    const secrets = cookies ?? { current: randomBytes(COOKIE_SECRET_OCTETS) };
    this.#responder = new Responder({
      limits,
      clock,
      ...(secrets === false ? {} : { cookies: secrets }),
      ...(rateLimit === undefined ? {} : { rateLimit, rateLimitSeed: seed }),
      ...(isolatedRoot === undefined ? {} : { isolatedRoot }),
      handOverUpdates: options.handleUpdate !== undefined,
      handOverSigned: options.handleSigned !== undefined,
    });
    this.#tcp = new TcpListeners({ ...this.#shared(), counters: this.#tcpCounters });
  }

  async open(wanted: Endpoint): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const udp = new UdpListener({ ...this.#shared(), counters: this.#udpCounters });
      try {
        const endpoint = { address: wanted.address, port: await udp.open(wanted) };
        this.#tcp.open(endpoint);
        this.#udp.push(udp);
        this.endpoints.push(endpoint);
        return;
      } catch (error) {
        udp.close();
        const code = errorCode(error);
        const mayTryAnother = wanted.port === 0 && code === "EADDRINUSE";
        if (!mayTryAnother || attempt === PORT_ATTEMPTS) throw new BindError("dns", wanted, code);
      }
    }
  }

  setZones(zones: readonly Zone[]): void {
    this.#responder.setZones(zones);
  }

  statistics(): DnsStatistics {
    const answers: { transport: "udp" | "tcp"; rcode: string; count: number }[] = [];
    for (const [slot, count] of this.#responder.answers.entries()) {
      if (count === 0) continue;
      const rcode = slot % RCODE_SLOTS;
      const transport = slot < RCODE_SLOTS ? "udp" : "tcp";
      answers.push({ transport, rcode: rcodeName(rcode), count });
    }
    const { evicted, accepted, expired, defects } = this.#tcpCounters;
    return {
      answers,
      dropped: this.#responder.dropped,
      truncated: this.#responder.truncated,
      rateLimited: this.#responder.limited,
      unsent: this.#udpCounters.unsent,
      handedOver: this.#handedOver,
      defects: defects + this.#udpCounters.defects,
      tcp: { open: this.#tcp.connections, accepted, evicted, expired },
    };
  }

  healthy(): boolean {
    return !this.#isClosed && this.#udp.every(({ isOpen }) => isOpen);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tcp.close();
    for (const udp of this.#udp) udp.close();
  }

  #shared() {
    return {
      responder: this.#responder,
      limits: this.#options.limits,
      handOver: this.#handOver,
      onDefect: (error: unknown) => this.#options.log?.({ kind: "defect", error }),
    };
  }

  readonly #handOver: HandOver = (message, peer, transport, reply) => {
    if (this.#pendingUpdates >= this.#options.limits.pendingUpdates) {
      reply(failure(message));
      return;
    }
    void this.#replyTo(message, peer, transport, reply);
  };

  async #replyTo(
    message: Uint8Array,
    peer: Endpoint,
    transport: Transport,
    reply: (message: Uint8Array) => void,
  ): Promise<void> {
    this.#handedOver += 1;
    this.#pendingUpdates += 1;
    try {
      reply(await this.#handle(message, peer, transport));
    } catch (error) {
      this.#options.log?.({ kind: "update-failed", error, peer });
      reply(failure(message));
    } finally {
      this.#pendingUpdates -= 1;
    }
  }

  async #handle(message: Uint8Array, peer: Endpoint, transport: Transport): Promise<Uint8Array> {
    const { handleUpdate, handleSigned } = this.#options;
    const isUpdate = (((message[2] ?? 0) >> 3) & 15) === 5;
    if (isUpdate && handleUpdate !== undefined) return handleUpdate(message, peer, transport);
    if (handleSigned === undefined) return failure(message);
    return handleSigned(message, peer, transport, (unsigned) =>
      this.#answer(unsigned, peer, transport),
    );
  }

  #answer(message: Uint8Array, { address }: Endpoint, transport: Transport): Uint8Array {
    const out = new Uint8Array(MAX_MESSAGE_OCTETS);
    const length = this.#responder.respond(message, 0, message.length, address, transport, out, 0);
    return length > 0 ? out.slice(0, length) : new Uint8Array(0);
  }
}

/** SERVFAIL to a message whose header is sound. */
function failure(message: Uint8Array): Uint8Array {
  const reply = new Uint8Array(12);
  reply.set(message.subarray(0, 2));
  reply[2] = 0x80 | ((message[2] ?? 0) & 0x78);
  reply[3] = Rcode.SERVFAIL;
  return reply;
}

function rcodeName(rcode: number): string {
  if (rcode === Rcode.BADVERS) return "BADVERS";
  return RCODE_NAMES[rcode] ?? `RCODE${rcode}`;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
