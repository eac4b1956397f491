import type { Endpoint } from "../platform/endpoint.ts";
import { HAND_OVER, type Responder } from "./answer.ts";
import { Transport } from "./codes.ts";
import type { HandOver } from "./hand-over.ts";
import type { DnsLimits } from "./limits.ts";

/** Replies collected before they must go out; one `sendmmsg` call takes them all. */
const BATCH_REPLIES = 128;

/** uSockets' LIBUS_SOCKET_IPV6_ONLY: leaves the IPv4 port to a listener of its own. */
const IPV6_ONLY = 8;

type Socket = Bun.udp.Socket<"uint8array">;
type Packet = Uint8Array | number | string;

export type UdpCounters = {
  /** Replies dropped because the socket took none for too long, or none to that address. */
  unsent: number;
  defects: number;
};

/**
 * One UDP socket. Replies are written into fixed places and sent together once all datagrams that
 * had come are read: a system call for each costs more than everything else on the way.
 */
export class UdpListener {
  readonly #responder: Responder;
  readonly #limits: DnsLimits;
  readonly #handOver: HandOver;
  readonly #counters: UdpCounters;
  readonly #onDefect: (error: unknown) => void;
  readonly #pool: Uint8Array;
  /** The last view of each place: most replies have the length of one before. */
  readonly #views: Uint8Array[] = [];
  readonly #batch: Packet[] = [];
  #collected = 0;
  #isFlushScheduled = false;
  #backlog: Packet[] = [];
  #socket: Socket | undefined;

  constructor(options: {
    readonly responder: Responder;
    readonly limits: DnsLimits;
    readonly handOver: HandOver;
    readonly counters: UdpCounters;
    readonly onDefect: (error: unknown) => void;
  }) {
    this.#responder = options.responder;
    this.#limits = options.limits;
    this.#handOver = options.handOver;
    this.#counters = options.counters;
    this.#onDefect = options.onDefect;
    this.#pool = new Uint8Array(BATCH_REPLIES * this.#limits.udpPayloadOctets);
  }

  /** Rejects with the system's error. */
  async open({ address, port }: Endpoint): Promise<number> {
    const options = {
      hostname: address,
      port,
      binaryType: "uint8array" as const,
      flags: address.includes(":") ? IPV6_ONLY : 0,
      socket: {
        data: (socket: Socket, message: Uint8Array, peerPort: number, peerAddress: string) =>
          this.#receive(socket, message, peerPort, peerAddress),
        drain: () => this.#flush(),
        // An ICMP error for an earlier reply: the client is gone, nothing to do.
        error: () => {},
      },
    };
    this.#socket = await Bun.udpSocket<"uint8array">(options);
    return this.#socket.port;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && !this.#socket.closed;
  }

  close(): void {
    this.#socket?.close();
  }

  #receive(socket: Socket, message: Uint8Array, port: number, address: string): void {
    // Nothing can be sent to port 0; only a forged datagram comes from it.
    if (port === 0) return;
    const size = this.#limits.udpPayloadOctets;
    const start = this.#collected * size;
    const length = this.#respond(message, address, start);
    if (length === 0) return;
    if (length === HAND_OVER) {
      this.#giveAway(socket, message, port, address);
      return;
    }
    let view = this.#views[this.#collected];
    if (view?.length !== length) {
      view = this.#pool.subarray(start, start + length);
      this.#views[this.#collected] = view;
    }
    this.#batch.push(view, port, address);
    this.#collected += 1;
    if (this.#collected === BATCH_REPLIES) this.#flush();
    else this.#schedule();
  }

  /** Apart from {@link #receive}, whose variables a closure there would put on the heap. */
  #giveAway(socket: Socket, message: Uint8Array, port: number, address: string): void {
    this.#handOver(message, { address, port }, Transport.UDP, (reply) => {
      if (socket.closed || reply.length === 0) return;
      this.#keep(reply, port, address);
      this.#schedule();
    });
  }

  #respond(message: Uint8Array, address: string, start: number): number {
    try {
      const end = message.length;
      return this.#responder.respond(message, 0, end, address, Transport.UDP, this.#pool, start);
    } catch (error) {
      this.#counters.defects += 1;
      this.#onDefect(error);
      return this.#responder.fail(message, 0, Transport.UDP, this.#pool, start);
    }
  }

  #schedule(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(this.#flushScheduled);
  }

  readonly #flushScheduled = (): void => {
    this.#isFlushScheduled = false;
    this.#flush();
  };

  #flush(): void {
    if (this.#backlog.length > 0) this.#backlog = this.#backlog.slice(this.#send(this.#backlog));
    if (this.#collected === 0) return;
    const sent = this.#backlog.length > 0 ? 0 : this.#send(this.#batch);
    for (let at = sent; at < this.#batch.length; at += 3) {
      const [reply, port, address] = this.#batch.slice(at, at + 3);
      this.#keep(reply as Uint8Array, port as number, address as string);
    }
    this.#batch.length = 0;
    this.#collected = 0;
  }

  /** Holds a copy of a reply until the socket takes it. */
  #keep(reply: Uint8Array, port: number, address: string): void {
    if (this.#backlog.length >= this.#limits.udpBacklogReplies * 3) this.#counters.unsent += 1;
    else this.#backlog.push(reply.slice(), port, address);
  }

  /**
   * Sends packets and gives how many entries of the list are done with; fewer than all when the
   * socket takes no more for now, and its `drain` comes. An error stands for the first packet, or
   * is one that an ICMP message left on the socket: only the second in a row costs the packet.
   */
  #send(packets: readonly Packet[]): number {
    const socket = this.#socket;
    let done = 0;
    let errors = 0;
    while (done < packets.length) {
      if (socket === undefined || socket.closed) return packets.length;
      try {
        const sent = socket.sendMany(done === 0 ? packets : packets.slice(done));
        if (sent === 0) return done;
        done += sent * 3;
        errors = 0;
      } catch {
        errors += 1;
        if (errors === 1) continue;
        this.#counters.unsent += 1;
        done += 3;
        errors = 0;
      }
    }
    return done;
  }
}
