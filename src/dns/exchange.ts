/**
 * One question to one server over the network: UDP with repetition, TCP. Part of the resolver's
 * shell.
 */
import type { Endpoint } from "../platform/endpoint.ts";
import { fail, ok, type Result } from "../platform/result.ts";

export type ExchangeError = "timeout" | "unreachable" | "malformed";

export type Exchange = {
  readonly server: Endpoint;
  readonly query: Uint8Array;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** Whether a message is the reply to the query; others are passed over. */
  readonly isReply: (message: Uint8Array) => boolean;
};

/** Times the query is sent by UDP within its time, at even distances. */
const UDP_TRANSMISSIONS = 3;
const MAX_FRAME_OCTETS = 2 + 65_535;

type Outcome = Result<Uint8Array, ExchangeError>;

/** Settles once; runs `release` then. */
function once(timeoutMs: number, release: () => void) {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const settle = (outcome: Outcome): void => {
    clearTimeout(timer);
    release();
    resolve(outcome);
  };
  const timer = setTimeout(() => settle(fail("timeout")), timeoutMs);
  return { promise, settle };
}

export async function exchangeByUdp(exchange: Exchange): Promise<Outcome> {
  const { server, query, timeoutMs, isReply } = exchange;
  let release = (): void => {};
  const { promise, settle } = once(timeoutMs, () => release());
  let socket: Bun.udp.ConnectedSocket<"uint8array">;
  try {
    socket = await Bun.udpSocket({
      // A socket connects within its own family only, and is one of IPv4 unless told.
      hostname: server.address.includes(":") ? "::" : "0.0.0.0",
      binaryType: "uint8array",
      connect: { hostname: server.address, port: server.port },
      socket: {
        data: (_socket, message) => {
          if (isReply(message)) settle(ok(message));
        },
        error: () => settle(fail("unreachable")),
      },
    });
  } catch {
    settle(fail("unreachable"));
    return promise;
  }
  const send = (): void => {
    try {
      socket.send(query);
    } catch {
      settle(fail("unreachable"));
    }
  };
  const repeat = setInterval(send, Math.max(1, timeoutMs / UDP_TRANSMISSIONS));
  release = () => {
    clearInterval(repeat);
    socket.close();
  };
  send();
  return promise;
}

export async function exchangeByTcp(exchange: Exchange): Promise<Outcome> {
  const { server, query, timeoutMs, isReply } = exchange;
  let release = (): void => {};
  const { promise, settle } = once(timeoutMs, () => release());
  const frame = new Uint8Array(2 + query.length);
  frame.set([query.length >> 8, query.length & 0xff]);
  frame.set(query, 2);
  let received = new Uint8Array(0);
  const receive = (chunk: Uint8Array): void => {
    const joined = new Uint8Array(received.length + chunk.length);
    joined.set(received);
    joined.set(chunk, received.length);
    received = joined.subarray(0, MAX_FRAME_OCTETS);
    const length = ((received[0] ?? 0) << 8) | (received[1] ?? 0);
    if (received.length < 2 + length || received.length < 2) return;
    const message = received.slice(2, 2 + length);
    settle(isReply(message) ? ok(message) : fail("malformed"));
  };
  try {
    const socket = await Bun.connect({
      hostname: server.address,
      port: server.port,
      socket: {
        data: (_socket, chunk) => receive(chunk),
        close: () => settle(fail("unreachable")),
        error: () => settle(fail("unreachable")),
      },
    });
    release = () => socket.terminate();
    // A query is far smaller than any socket's buffer.
    socket.write(frame);
  } catch {
    settle(fail("unreachable"));
  }
  return promise;
}
