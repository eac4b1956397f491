import type { Socket, TCPSocketListener } from "bun";
import { hex, joined, octets, pdu, TYPE, u32 } from "../rpc/octets.ts";

/** A request as it reached the upstream: what its PDUs said, and their stubs joined. */
export type ReceivedCall = {
  /** Data representation of its PDUs: `10000000` or `00000000`. */
  readonly drep: string;
  readonly opnum: number;
  readonly object: string | undefined;
  readonly stub: string;
  /** Lengths of its fragments. */
  readonly fragments: readonly number[];
};

/** What the upstream does with a call. */
export type UpstreamAnswer =
  | { readonly stub: Uint8Array; readonly order?: "little" | "big" }
  | { readonly fault: number; readonly didNotExecute: boolean }
  /** Nothing, until the test lets it go. */
  | "hold"
  /** Closes the connection. */
  | "hangUp";

export type FakeUpstreamOptions = {
  readonly answer?: (call: ReceivedCall, index: number) => UpstreamAnswer;
  /** Largest fragment that it says it takes and sends. */
  readonly fragmentMax?: number;
  /** The bind is rejected: abstract syntax not supported. */
  readonly rejects?: boolean;
  readonly port?: number;
};

const REQUEST_HEAD = 24;
const OBJECT_FLAG = 0x80;

/**
 * A server that answers with octets of the test's choice, written apart from the code under test.
 * Nothing it says is a reply of a licensed host: the octets are noise, or break off.
 */
export class FakeUpstream {
  readonly calls: ReceivedCall[] = [];
  /** Every bind, as hexadecimal text. */
  readonly binds: string[] = [];
  /** Calls that are held: called with nothing, each is answered with noise. */
  readonly held: (() => void)[] = [];
  readonly #options: FakeUpstreamOptions;
  readonly #listener: TCPSocketListener<{ conversation: Conversation }>;
  readonly #sockets = new Set<Socket<{ conversation: Conversation }>>();
  accepted = 0;
  closed = 0;

  constructor(options: FakeUpstreamOptions = {}) {
    this.#options = options;
    this.#listener = Bun.listen<{ conversation: Conversation }>({
      hostname: "127.0.0.1",
      port: options.port ?? 0,
      socket: {
        open: (socket) => {
          this.accepted += 1;
          this.#sockets.add(socket);
          socket.data = { conversation: new Conversation(this, options, socket) };
        },
        data: (socket, segment) => socket.data.conversation.receive(segment),
        drain: (socket) => socket.data.conversation.flush(),
        close: (socket) => {
          this.closed += 1;
          this.#sockets.delete(socket);
        },
        error: () => undefined,
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.port };
  }

  get name(): string {
    return `127.0.0.1:${this.port}`;
  }

  get open(): number {
    return this.#sockets.size;
  }

  answerTo(call: ReceivedCall): UpstreamAnswer {
    const index = this.calls.push(call) - 1;
    return this.#options.answer?.(call, index) ?? { stub: NOISE };
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Gone at once, connections included. */
  stop(): void {
    this.#listener.stop(true);
    this.dropConnections();
  }
}

/** Sixteen octets that mean nothing, as an answer's stub: size, pointer, count, octets, HRESULT. */
export const NOISE = outStub(octets("deadbeef00112233445566778899aabb"));

export function outStub(data: Uint8Array, hresult = 0): Uint8Array {
  const padding = new Uint8Array(-data.length & 3);
  return joined(u32(data.length), u32(0x20000), u32(data.length), data, padding, u32(hresult));
}

class Conversation {
  readonly #upstream: FakeUpstream;
  readonly #options: FakeUpstreamOptions;
  readonly #socket: Socket<{ conversation: Conversation }>;
  #received = Buffer.alloc(0);
  #unsent = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #lengths: number[] = [];

  constructor(
    upstream: FakeUpstream,
    options: FakeUpstreamOptions,
    socket: Socket<{ conversation: Conversation }>,
  ) {
    this.#upstream = upstream;
    this.#options = options;
    this.#socket = socket;
  }

  receive(segment: Buffer): void {
    this.#received = Buffer.concat([this.#received, segment]);
    while (this.#received.length >= 16) {
      const little = this.#received[4] === 0x10;
      const length = little ? this.#received.readUInt16LE(8) : this.#received.readUInt16BE(8);
      if (this.#received.length < length) return;
      const bytes = this.#received.subarray(0, length);
      this.#received = this.#received.subarray(length);
      if (bytes[2] === TYPE.bind) this.#bind(bytes, little);
      else if (bytes[2] === TYPE.request) this.#request(bytes, little);
    }
  }

  flush(): void {
    const taken = this.#socket.write(this.#unsent);
    if (taken > 0) this.#unsent = this.#unsent.subarray(taken);
  }

  #send(...parts: readonly Uint8Array[]): void {
    this.#unsent = Buffer.concat([this.#unsent, ...parts]);
    this.flush();
  }

  #bind(bytes: Buffer, little: boolean): void {
    this.#upstream.binds.push(hex(bytes));
    const { fragmentMax = 5840, rejects = false } = this.#options;
    const size = new Uint8Array([fragmentMax & 255, fragmentMax >>> 8]);
    const ndr = octets("045d888aeb1cc9119fe808002b10486002000000");
    const result = rejects ? joined(octets("02000100"), new Uint8Array(20)) : joined(u32(0), ndr);
    const body = joined(size, size, u32(7), octets("0500"), octets("313638380000"), u32(1), result);
    this.#send(pdu(TYPE.bindAck, body, { callId: callIdOf(bytes, little) }));
  }

  #request(bytes: Buffer, little: boolean): void {
    const flags = bytes[3] ?? 0;
    const object = (flags & OBJECT_FLAG) === 0 ? undefined : hex(bytes.subarray(24, 40));
    this.#parts.push(bytes.subarray(object === undefined ? REQUEST_HEAD : REQUEST_HEAD + 16));
    this.#lengths.push(bytes.length);
    if ((flags & 2) === 0) return;
    const [stub, fragments] = [hex(Buffer.concat(this.#parts)), this.#lengths];
    [this.#parts, this.#lengths] = [[], []];
    const opnum = little ? bytes.readUInt16LE(22) : bytes.readUInt16BE(22);
    const drep = hex(bytes.subarray(4, 8));
    const answer = this.#upstream.answerTo({ drep, opnum, object, stub, fragments });
    this.#answer(answer, callIdOf(bytes, little));
  }

  #answer(answer: UpstreamAnswer, callId: number): void {
    if (answer === "hold") this.#upstream.held.push(() => this.#answer({ stub: NOISE }, callId));
    else if (answer === "hangUp") this.#socket.terminate();
    else if ("fault" in answer) {
      const flags = answer.didNotExecute ? 0x23 : 0x03;
      const body = joined(u32(0), u32(0), u32(answer.fault), u32(0));
      this.#send(pdu(TYPE.fault, body, { callId, flags }));
    } else this.#respond(answer.stub, callId, answer.order ?? "little");
  }

  #respond(stub: Uint8Array, callId: number, order: "little" | "big"): void {
    const room = ((this.#options.fragmentMax ?? 5840) - REQUEST_HEAD) & ~7;
    for (let sent = 0; sent < stub.length || sent === 0; sent += room) {
      const part = stub.slice(sent, sent + room);
      const flags = (sent === 0 ? 1 : 0) | (sent + room >= stub.length ? 2 : 0);
      const body = joined(u32(stub.length - sent, order), u32(0), part);
      this.#send(pdu(TYPE.response, body, { callId, flags, order }));
    }
  }
}

function callIdOf(bytes: Buffer, little: boolean): number {
  return little ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12);
}
