/**
 * Spoilt DNS messages against a live server, each one counted: a message with a readable header
 * that is no reply must be answered, exactly once, whatever else is wrong with it (RFC 8906).
 */
import type { Endpoint } from "../../src/platform/endpoint.ts";

/** Messages of every kind that the server knows, to be spoilt. */
const SEEDS: readonly Uint8Array[] = [
  // SRV with an OPT that carries a cookie, keepalive and an unknown option
  "12340100000100000000000107 5f766c6d6373 04 5f746370 036b6d73 0474657374 00 00210001" +
    "0000290 4d0000080000016 000a0008 0102030405060708 000b0000 00640002 abcd",
  // NS by pointer and label in the additional section
  "43210000000100000001000103 6b6d73 0474657374 00 00060001 c00c000100010000003c0004c0000201" +
    "00002904d000000000 0000",
  // UPDATE that adds an address
  "77772800000100000001000003 6b6d73 0474657374 00 00060001 0161c00c00010001 0000003c0004c0000201",
  // a signed query
  "00010000000100000000000103 6b6d73 0474657374 00 00020001 036b657900 00fa00ff00000000" +
    "001d 08686d61632d6d643500 000000000000 012c 0000 0001 0000 0000",
  // two OPTs, ANY, class ANY
  "abcd0000000100000000000203 6b6d73 0474657374 00 00ff00ff 00002904d0000000000000" +
    "00002904d0000000000000",
].map((hex) => Uint8Array.fromHex(hex.replaceAll(" ", "")));

/** Messages in flight: few enough for the smallest receive buffer. */
const BATCH = 64;
const REPLY_TIMEOUT_MS = 10_000;
const HEADER_OCTETS = 12;

/** A small generator of our own, so that a seed gives the same messages everywhere. */
function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % limit;
  };
}

function spoil(message: Uint8Array, draw: (limit: number) => number): Uint8Array {
  const octets = message.slice();
  const at = draw(octets.length);
  switch (draw(7)) {
    case 0:
      return octets.subarray(0, at);
    case 1:
      return Uint8Array.from([...octets.subarray(0, at), draw(256), ...octets.subarray(at)]);
    case 2:
      return Uint8Array.from([...octets, ...octets.subarray(at)]);
    case 3:
      octets[at] = [0, 1, 0x3f, 0x40, 0xc0, 0xff][draw(6)] ?? 0;
      return octets;
    case 4:
      octets[4 + draw(8)] = draw(256);
      return octets;
    case 5:
      octets.copyWithin(at, draw(octets.length));
      return octets;
    default:
      octets[at] = (octets[at] ?? 0) ^ (1 << draw(8));
      return octets;
  }
}

/** An endless row of spoilt messages, the same for the same seed. */
function spoilt(seed: number): () => Uint8Array {
  const draw = generator(seed);
  return () => {
    let message = SEEDS[draw(SEEDS.length)] ?? new Uint8Array(0);
    for (let times = 1 + draw(4); times > 0 && message.length > 0; times -= 1) {
      message = spoil(message, draw);
    }
    return message;
  };
}

function wantsReply(message: Uint8Array): boolean {
  return message.length >= HEADER_OCTETS && ((message[2] ?? 0) & 0x80) === 0;
}

function hasSameId(one: Uint8Array, other: Uint8Array): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

/** What a reply must be, whatever it answers. */
function checkReply(reply: Uint8Array, asked: Uint8Array): void {
  const isReply = reply.length >= HEADER_OCTETS && ((reply[2] ?? 0) & 0x80) !== 0;
  const rcode = (reply[3] ?? 0) & 15;
  if (isReply && hasSameId(asked, reply) && rcode !== 2) return;
  throw new Error(`${asked.toHex()} was answered ${reply.toHex()}`);
}

/** Collects replies; rejects when they stay away. */
class Replies {
  readonly #expected: Uint8Array[] = [];
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  expect(message: Uint8Array): void {
    if (wantsReply(message)) this.#expected.push(message);
  }

  take(reply: Uint8Array): void {
    // By their ids: what a server has to look up is answered later than what it knows.
    const index = this.#expected.findIndex((asked) => hasSameId(asked, reply));
    const [asked] = index < 0 ? [] : this.#expected.splice(index, 1);
    try {
      if (asked === undefined) throw new Error(`answers nothing: ${reply.toHex()}`);
      checkReply(reply, asked);
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    if (this.#expected.length === 0) this.#waiting?.resolve();
  }

  async all(): Promise<void> {
    if (this.#expected.length > 0) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#waiting = { resolve, reject };
      const timer = setTimeout(() => {
        const [first] = this.#expected;
        reject(new Error(`${this.#expected.length} unanswered, first ${first?.toHex()}`));
      }, REPLY_TIMEOUT_MS);
      await promise.finally(() => clearTimeout(timer));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Sends `count` spoilt messages by UDP; throws at the first that is answered wrongly, or not. */
export async function fuzzByUdp(server: Endpoint, count: number, seed: number): Promise<void> {
  const next = spoilt(seed);
  const replies = new Replies();
  const socket = await Bun.udpSocket({
    binaryType: "uint8array",
    connect: { hostname: server.address, port: server.port },
    socket: { data: (_socket, reply) => replies.take(reply) },
  });
  try {
    for (let sent = 0; sent < count; sent += BATCH) {
      for (let index = 0; index < BATCH; index += 1) {
        const message = next();
        // An empty datagram is none to send.
        if (message.length === 0) continue;
        replies.expect(message);
        socket.send(message);
      }
      await replies.all();
    }
  } finally {
    socket.close();
  }
}

/**
 * The same by TCP. Frames are whole; a message shorter than a header closes the connection, and
 * the next batch goes over a new one.
 */
export async function fuzzByTcp(server: Endpoint, count: number, seed: number): Promise<void> {
  const next = spoilt(seed);
  for (let sent = 0; sent < count; ) {
    const replies = new Replies();
    const frames: number[] = [];
    let isWhole = true;
    while (isWhole && frames.length < 16_384) {
      const message = next();
      sent += 1;
      isWhole = message.length >= HEADER_OCTETS;
      replies.expect(message);
      frames.push(message.length >> 8, message.length & 0xff, ...message);
    }
    await exchange(server, Uint8Array.from(frames), replies);
  }
}

async function exchange(server: Endpoint, frames: Uint8Array, replies: Replies): Promise<void> {
  let received = new Uint8Array(0);
  const socket = await Bun.connect({
    hostname: server.address,
    port: server.port,
    socket: {
      data: (_socket, chunk) => {
        received = Uint8Array.from([...received, ...chunk]);
        for (;;) {
          const end = 2 + (((received[0] ?? 0) << 8) | (received[1] ?? 0));
          if (received.length < 2 || received.length < end) return;
          replies.take(received.slice(2, end));
          received = received.slice(end);
        }
      },
    },
  });
  try {
    if (socket.write(frames) !== frames.length) throw new Error("the batch is too large");
    await replies.all();
  } finally {
    socket.terminate();
  }
}
