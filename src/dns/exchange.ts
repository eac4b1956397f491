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

/** The one outcome of an exchange. The first counts; sockets are released with it. */
class Settlement {
  readonly promise: Promise<Outcome>;
  /** Ends what is in use; replaced when there is a socket. */
  release = (): void => {};
  isSettled = false;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(timeoutMs: number) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.settle(fail("timeout")), timeoutMs);
  }

  settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.#timer);
    this.#resolve(outcome);
    this.release();
  }
}

export async function exchangeByUdp(exchange: Exchange): Promise<Outcome> {
  const { server, query, timeoutMs, isReply } = exchange;
  const outcome = new Settlement(timeoutMs);
  const lose = (): void => outcome.settle(fail("unreachable"));
  let socket: Bun.udp.ConnectedSocket<"uint8array">;
  try {
    socket = await Bun.udpSocket({
      // A socket connects within its own family only, and is one of IPv4 unless told.
      hostname: server.address.includes(":") ? "::" : "0.0.0.0",
      binaryType: "uint8array",
      connect: { hostname: server.address, port: server.port },
      socket: {
        data: (_socket, message) => {
          if (isReply(message)) outcome.settle(ok(message));
        },
        error: lose,
      },
    });
  } catch {
    lose();
    return outcome.promise;
  }
  const send = (): void => {
    try {
      socket.send(query);
    } catch {
      lose();
    }
  };
  const repeat = setInterval(send, Math.max(1, timeoutMs / UDP_TRANSMISSIONS));
  outcome.release = () => {
    clearInterval(repeat);
    socket.close();
  };
  send();
  return outcome.promise;
}

export function exchangeByTcp(exchange: Exchange): Promise<Outcome> {
  const { server, query, timeoutMs, isReply } = exchange;
  const outcome = new Settlement(timeoutMs);
  const lose = (): void => outcome.settle(fail("unreachable"));
  let received = new Uint8Array(0);
  const receive = (chunk: Uint8Array): void => {
    const joined = new Uint8Array(received.length + chunk.length);
    joined.set(received);
    joined.set(chunk, received.length);
    received = joined.subarray(0, MAX_FRAME_OCTETS);
    const length = ((received[0] ?? 0) << 8) | (received[1] ?? 0);
    if (received.length < 2 || received.length < 2 + length) return;
    const message = received.slice(2, 2 + length);
    outcome.settle(isReply(message) ? ok(message) : fail("malformed"));
  };
  const open = (socket: Bun.Socket): void => {
    outcome.release = () => socket.terminate();
    if (outcome.isSettled) outcome.release();
    // A query is far smaller than any socket's buffer.
    else socket.write(Uint8Array.of(query.length >> 8, query.length & 0xff, ...query));
  };
  Bun.connect({
    hostname: server.address,
    port: server.port,
    socket: { open, data: (_socket, chunk) => receive(chunk), close: lose, error: lose },
  }).catch(lose);
  return outcome.promise;
}
