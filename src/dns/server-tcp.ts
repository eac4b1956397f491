import type { Endpoint } from "../platform/endpoint.ts";
import { HAND_OVER, type Responder } from "./answer.ts";
import { HEADER_OCTETS, MAX_MESSAGE_OCTETS, Transport } from "./codes.ts";
import type { HandOver } from "./hand-over.ts";
import type { DnsLimits } from "./limits.ts";

/** The two octets of length before each message, RFC 1035 §4.2.2. */
const LENGTH_OCTETS = 2;
const MAX_FRAME_OCTETS = LENGTH_OCTETS + MAX_MESSAGE_OCTETS;
/** Replies to what one read brought are collected here and written together. */
const OUT_OCTETS = 4 * MAX_FRAME_OCTETS;
/** How often quiet connections are looked for: this part of the time they may be quiet. */
const SWEEPS_PER_IDLE = 10;

type Socket = Bun.Socket<Connection>;

type Connection = {
  readonly socket: Socket;
  readonly peer: Endpoint;
  /** When the last complete message came, or the connection was opened; monotonic. */
  activeMs: number;
  /** The beginning of a message that a read cut off. */
  partial: Uint8Array;
  partialLength: number;
  /** Replies that the socket has not taken yet. */
  unsent: Uint8Array[];
  unsentOctets: number;
  /** Messages handed over and not answered yet. */
  pending: number;
  /** Nothing more is read; closed as soon as everything is answered. */
  isEnding: boolean;
};

export type TcpCounters = {
  accepted: number;
  /** Closed to make room for a newer connection. */
  evicted: number;
  /** Closed because they were quiet, or slower to read than to ask. */
  expired: number;
  defects: number;
};

const NO_OCTETS = new Uint8Array(0);

/** The TCP side of all endpoints: one limit of connections holds for them together. */
export class TcpListeners {
  readonly #responder: Responder;
  readonly #limits: DnsLimits;
  readonly #handOver: HandOver;
  readonly #counters: TcpCounters;
  readonly #onDefect: (error: unknown) => void;
  readonly #listeners: Bun.TCPSocketListener<Connection>[] = [];
  /** In the order of their last activity, the quietest first. */
  readonly #connections = new Set<Connection>();
  readonly #out = new Uint8Array(OUT_OCTETS);
  #outUsed = 0;
  readonly #sweeper: ReturnType<typeof setInterval>;

  constructor(options: {
    readonly responder: Responder;
    readonly limits: DnsLimits;
    readonly handOver: HandOver;
    readonly counters: TcpCounters;
    readonly onDefect: (error: unknown) => void;
  }) {
    this.#responder = options.responder;
    this.#limits = options.limits;
    this.#handOver = options.handOver;
    this.#counters = options.counters;
    this.#onDefect = options.onDefect;
    const everyMs = Math.max(1, this.#limits.tcpIdleMs / SWEEPS_PER_IDLE);
    this.#sweeper = setInterval(() => this.#sweep(), everyMs);
    this.#sweeper.unref();
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Throws the system's error. */
  open({ address, port }: Endpoint): void {
    const options = {
      hostname: address,
      port,
      allowHalfOpen: true,
      ipv6Only: address.includes(":"),
      socket: {
        open: (socket: Socket) => this.#accept(socket),
        data: (socket: Socket, chunk: Uint8Array) => this.#receive(socket.data, chunk),
        drain: (socket: Socket) => this.#drain(socket.data),
        end: (socket: Socket) => this.#end(socket.data),
        close: (socket: Socket) => this.#forget(socket.data),
        error: (socket: Socket) => this.#forget(socket.data),
      },
    };
    this.#listeners.push(Bun.listen<Connection>(options));
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const listener of this.#listeners) listener.stop(true);
    for (const { socket } of this.#connections) socket.terminate();
    this.#connections.clear();
  }

  #accept(socket: Socket): void {
    const connection: Connection = {
      socket,
      peer: { address: socket.remoteAddress, port: socket.remotePort },
      activeMs: performance.now(),
      partial: NO_OCTETS,
      partialLength: 0,
      unsent: [],
      unsentOctets: 0,
      pending: 0,
      isEnding: false,
    };
    socket.data = connection;
    this.#counters.accepted += 1;
    this.#connections.add(connection);
    if (this.#connections.size <= this.#limits.tcpConnections) return;
    const [quietest] = this.#connections;
    if (quietest === undefined) return;
    this.#counters.evicted += 1;
    this.#abort(quietest);
  }

  #abort(connection: Connection): void {
    connection.isEnding = true;
    this.#connections.delete(connection);
    connection.socket.terminate();
  }

  #forget(connection: Connection | undefined): void {
    if (connection !== undefined) this.#connections.delete(connection);
  }

  #receive(connection: Connection, chunk: Uint8Array): void {
    if (connection.isEnding) return;
    let at = 0;
    let isSound = true;
    while (isSound && at < chunk.length && connection.partialLength > 0) {
      at = this.#fillPartial(connection, chunk, at);
      const { partial, partialLength } = connection;
      const end = partialLength < LENGTH_OCTETS ? -1 : frameEnd(partial, 0);
      if (partialLength !== end) continue;
      connection.partialLength = 0;
      connection.partial = NO_OCTETS;
      isSound = this.#message(connection, partial, LENGTH_OCTETS, end);
    }
    while (isSound && chunk.length - at >= LENGTH_OCTETS) {
      const end = frameEnd(chunk, at);
      if (end > chunk.length) break;
      isSound = this.#message(connection, chunk, at + LENGTH_OCTETS, end);
      at = end;
    }
    if (isSound && at < chunk.length) {
      connection.partial = chunk.slice(at);
      connection.partialLength = chunk.length - at;
      // Too short a length can be seen before its message has come.
      isSound = connection.partialLength < LENGTH_OCTETS || isFrameLength(connection.partial);
    }
    this.#flush(connection);
    if (!isSound && !connection.isEnding) this.#end(connection);
  }

  /** Moves what is missing of the cut-off message out of the chunk; gives the offset behind. */
  #fillPartial(connection: Connection, chunk: Uint8Array, at: number): number {
    const { partial, partialLength } = connection;
    const wanted = partialLength < LENGTH_OCTETS ? LENGTH_OCTETS : frameEnd(partial, 0);
    if (partial.length < wanted) {
      const grown = new Uint8Array(wanted);
      grown.set(partial.subarray(0, partialLength));
      connection.partial = grown;
    }
    const taken = Math.min(wanted - partialLength, chunk.length - at);
    connection.partial.set(chunk.subarray(at, at + taken), partialLength);
    connection.partialLength += taken;
    return at + taken;
  }

  /** Answers one message; false where the stream cannot be one of DNS. */
  #message(connection: Connection, octets: Uint8Array, start: number, end: number): boolean {
    if (end - start < HEADER_OCTETS) return false;
    this.#touch(connection);
    if (this.#outUsed + MAX_FRAME_OCTETS > OUT_OCTETS) this.#flush(connection);
    if (connection.isEnding) return false;
    const at = this.#outUsed + LENGTH_OCTETS;
    const length = this.#respond(connection, octets, start, end, at);
    if (length === HAND_OVER) {
      this.#giveAway(connection, octets.slice(start, end));
    } else if (length > 0) {
      this.#out[at - 2] = length >> 8;
      this.#out[at - 1] = length & 0xff;
      this.#outUsed = at + length;
    }
    return true;
  }

  #respond(
    { peer }: Connection,
    octets: Uint8Array,
    start: number,
    end: number,
    at: number,
  ): number {
    const { TCP } = Transport;
    try {
      return this.#responder.respond(octets, start, end, peer.address, TCP, this.#out, at);
    } catch (error) {
      this.#counters.defects += 1;
      this.#onDefect(error);
      return this.#responder.fail(octets, start, TCP, this.#out, at);
    }
  }

  #giveAway(connection: Connection, message: Uint8Array): void {
    connection.pending += 1;
    this.#handOver(message, connection.peer, Transport.TCP, (reply) => {
      this.#replyLate(connection, reply);
    });
  }

  #replyLate(connection: Connection, reply: Uint8Array): void {
    connection.pending -= 1;
    if (!this.#connections.has(connection)) return;
    if (reply.length > 0) {
      this.#send(connection, Uint8Array.of(reply.length >> 8, reply.length & 0xff, ...reply));
    }
    if (connection.isEnding) this.#end(connection);
  }

  #touch(connection: Connection): void {
    connection.activeMs = performance.now();
    this.#connections.delete(connection);
    this.#connections.add(connection);
  }

  #flush(connection: Connection): void {
    if (this.#outUsed === 0) return;
    const octets = this.#out.subarray(0, this.#outUsed);
    this.#outUsed = 0;
    this.#send(connection, octets);
  }

  /** Writes octets, or keeps a copy of what the socket does not take. */
  #send(connection: Connection, octets: Uint8Array): void {
    const isFree = connection.unsent.length === 0;
    const sent = isFree ? Math.max(0, connection.socket.write(octets)) : 0;
    if (sent === octets.length) return;
    connection.unsent.push(octets.slice(sent));
    connection.unsentOctets += octets.length - sent;
    if (connection.unsentOctets <= this.#limits.tcpBacklogOctets) return;
    this.#counters.expired += 1;
    this.#abort(connection);
  }

  #drain(connection: Connection): void {
    for (let next = connection.unsent[0]; next !== undefined; next = connection.unsent[0]) {
      const sent = Math.max(0, connection.socket.write(next));
      connection.unsentOctets -= sent;
      if (sent < next.length) {
        connection.unsent[0] = next.subarray(sent);
        return;
      }
      connection.unsent.shift();
    }
    if (connection.isEnding) this.#end(connection);
  }

  /** Closes once everything asked before is answered. */
  #end(connection: Connection): void {
    connection.isEnding = true;
    connection.partial = NO_OCTETS;
    connection.partialLength = 0;
    if (connection.pending === 0 && connection.unsent.length === 0) connection.socket.end();
  }

  /** First a quiet connection is told, then, if its peer does not close either, it is cut. */
  #sweep(): void {
    const oldest = performance.now() - this.#limits.tcpIdleMs;
    for (const connection of this.#connections) {
      if (connection.activeMs > oldest) return;
      if (connection.isEnding) this.#abort(connection);
      else if (connection.pending === 0) {
        this.#counters.expired += 1;
        this.#touch(connection);
        this.#end(connection);
      } else this.#touch(connection);
    }
  }
}

function frameEnd(octets: Uint8Array, at: number): number {
  return at + LENGTH_OCTETS + (((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0));
}

function isFrameLength(octets: Uint8Array): boolean {
  return frameEnd(octets, 0) >= LENGTH_OCTETS + HEADER_OCTETS;
}
