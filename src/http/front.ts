/**
 * The shell before the HTTP server. The runtime's server has no bound on open connections, and lets
 * a client keep a response unread for ever; so connections arrive here, are counted, and are passed
 * on over loopback as they are. A flood of connections to the status page then takes no more file
 * descriptors than its share, and activations go on.
 */
import type { Socket, TCPSocketListener } from "bun";
import type { Endpoint } from "../platform/endpoint.ts";
import type { HttpLimits } from "./limits.ts";

export type FrontOptions = {
  readonly limits: Pick<HttpLimits, "connections" | "connectionsPerAddress" | "stallSeconds">;
  /** The server's port on 127.0.0.1, for the next connection. */
  readonly target: () => number;
};

export type Front = {
  /** Opens one more listener; throws the system's error. */
  readonly listen: (endpoint: Endpoint) => Endpoint;
  /** Who is behind a connection that the server has from 127.0.0.1 and this port. */
  readonly peerBehind: (port: number) => Endpoint | undefined;
  readonly statistics: () => FrontStatistics;
  /** Takes no more connections; those that are open go on. */
  readonly stopListening: () => void;
  /** Resolves when no connection is open. */
  readonly empty: () => Promise<void>;
  /** Cuts what is open. */
  readonly close: () => void;
};

export type FrontStatistics = {
  readonly connectionsOpen: number;
  readonly connectionsRefused: number;
  readonly connectionsStalled: number;
};

const LOOPBACK = "127.0.0.1";
/** How often connections are looked at whose client does not read. */
const SWEEP_MILLISECONDS = 1000;

export function createFront(options: FrontOptions): Front {
  return new ConnectionFront(options);
}

class ConnectionFront implements Front {
  readonly #options: FrontOptions;
  readonly #listeners: TCPSocketListener<Link | undefined>[] = [];
  readonly #links = new Set<Link>();
  readonly #perAddress = new Map<string, number>();
  readonly #byPort = new Map<number, Endpoint>();
  readonly #sweep: ReturnType<typeof setInterval>;
  #whenEmpty: (() => void)[] = [];
  #refused = 0;
  #stalled = 0;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#endStalled(), SWEEP_MILLISECONDS);
  }

  readonly listen = ({ address, port }: Endpoint): Endpoint => {
    const options = {
      hostname: address,
      port,
      // One family per listener: an address of the other would be one nobody configured (HOST-11).
      ipv6Only: address.includes(":"),
      data: undefined,
      socket: {
        open: (socket: ClientSocket) => this.#accept(socket),
        data: (socket: ClientSocket, octets: Uint8Array) => socket.data?.fromClient(octets),
        drain: (socket: ClientSocket) => socket.data?.clientDrained(),
        close: (socket: ClientSocket) => socket.data?.clientClosed(),
        error: (socket: ClientSocket) => socket.data?.cut(),
      },
    };
    const listener = Bun.listen<Link | undefined>(options);
    this.#listeners.push(listener);
    return { address, port: listener.port };
  };

  readonly peerBehind = (port: number): Endpoint | undefined => this.#byPort.get(port);

  readonly statistics = (): FrontStatistics => ({
    connectionsOpen: this.#links.size,
    connectionsRefused: this.#refused,
    connectionsStalled: this.#stalled,
  });

  readonly stopListening = (): void => {
    for (const listener of this.#listeners.splice(0)) listener.stop(false);
  };

  readonly empty = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#links.size === 0) resolve();
    else this.#whenEmpty.push(resolve);
    return promise;
  };

  readonly close = (): void => {
    this.stopListening();
    clearInterval(this.#sweep);
    for (const link of [...this.#links]) link.cut();
  };

  #accept(socket: ClientSocket): void {
    const peer = { address: unmapped(socket.remoteAddress), port: socket.remotePort };
    const { connections, connectionsPerAddress } = this.#options.limits;
    const present = this.#perAddress.get(peer.address) ?? 0;
    if (this.#links.size >= connections || present >= connectionsPerAddress) {
      this.#refused += 1;
      socket.terminate();
      return;
    }
    this.#perAddress.set(peer.address, present + 1);
    const link = new Link(socket, {
      opened: (port) => void this.#byPort.set(port, peer),
      closed: (port) => void this.#byPort.delete(port),
      over: () => this.#leave(link, peer.address),
    });
    socket.data = link;
    this.#links.add(link);
    link.connect(this.#options.target());
  }

  #leave(link: Link, address: string): void {
    if (!this.#links.delete(link)) return;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
    if (this.#links.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #endStalled(): void {
    const limit = performance.now() - this.#options.limits.stallSeconds * 1000;
    for (const link of [...this.#links]) {
      if (link.waitingSince === undefined || link.waitingSince > limit) continue;
      this.#stalled += 1;
      link.cut();
    }
  }
}

type ClientSocket = Socket<Link | undefined>;
type ServerSocket = Socket<undefined>;

type LinkOwner = {
  readonly opened: (port: number) => void;
  readonly closed: (port: number) => void;
  readonly over: () => void;
};

/** A client's connection and the one to the server behind it. What one side does not take waits. */
class Link {
  /** When the client last took octets, while some wait for it; milliseconds of performance.now. */
  waitingSince: number | undefined;
  readonly #client: ClientSocket;
  readonly #owner: LinkOwner;
  readonly #toClient: Uint8Array[] = [];
  readonly #toServer: Uint8Array[] = [];
  #server: ServerSocket | undefined;
  #isServerDone = false;
  #isOver = false;

  constructor(client: ClientSocket, owner: LinkOwner) {
    this.#client = client;
    this.#owner = owner;
  }

  connect(port: number): void {
    this.#client.pause();
    let ownPort = 0;
    Bun.connect<undefined>({
      hostname: LOOPBACK,
      port,
      data: undefined,
      socket: {
        open: (socket) => {
          ownPort = socket.localPort;
          this.#owner.opened(ownPort);
          this.#serverOpened(socket);
        },
        data: (_socket, octets) => this.#fromServer(octets),
        drain: () => this.#serverDrained(),
        close: () => {
          this.#owner.closed(ownPort);
          this.#serverClosed();
        },
        error: () => this.cut(),
        connectError: () => this.cut(),
      },
    }).catch(() => this.cut());
  }

  fromClient(octets: Uint8Array): void {
    const left = this.#server === undefined ? octets : unsent(this.#server, this.#toServer, octets);
    if (left.length === 0) return;
    this.#toServer.push(left);
    this.#client.pause();
  }

  clientDrained(): void {
    if (this.#toClient.length === 0) return;
    this.waitingSince = performance.now();
    if (!flush(this.#client, this.#toClient)) return;
    this.waitingSince = undefined;
    if (this.#isServerDone) this.#client.end();
    else this.#server?.resume();
  }

  clientClosed(): void {
    this.#server?.end();
    this.#end();
  }

  /** Both ends, at once. */
  cut(): void {
    this.#client.terminate();
    this.#server?.terminate();
    this.#end();
  }

  #serverOpened(socket: ServerSocket): void {
    this.#server = socket;
    if (this.#isOver) socket.end();
    else this.#serverDrained();
  }

  #serverDrained(): void {
    if (this.#server !== undefined && flush(this.#server, this.#toServer)) this.#client.resume();
  }

  #fromServer(octets: Uint8Array): void {
    if (this.#isOver) return;
    const left = unsent(this.#client, this.#toClient, octets);
    if (left.length === 0) return;
    this.#toClient.push(left);
    this.waitingSince ??= performance.now();
    this.#server?.pause();
  }

  #serverClosed(): void {
    this.#isServerDone = true;
    if (this.#toClient.length === 0) this.#client.end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.over();
  }
}

type Sink = { readonly write: (octets: Uint8Array) => number };

const NOTHING = new Uint8Array(0);

/** Sends what can be sent now behind what waits; returns a copy of the rest. */
function unsent(sink: Sink, waiting: readonly Uint8Array[], octets: Uint8Array): Uint8Array {
  const sent = waiting.length === 0 ? Math.max(0, sink.write(octets)) : 0;
  return sent === octets.length ? NOTHING : octets.slice(sent);
}

/** Sends what waits; whether nothing does any more. */
function flush(sink: Sink, waiting: Uint8Array[]): boolean {
  for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
    const sent = Math.max(0, sink.write(first));
    if (sent < first.length) {
      waiting[0] = first.subarray(sent);
      return false;
    }
    waiting.shift();
  }
  return true;
}

const MAPPED_PREFIX = "::ffff:";

function unmapped(address: string): string {
  const isMapped = address.startsWith(MAPPED_PREFIX) && address.includes(".");
  return isMapped ? address.slice(MAPPED_PREFIX.length) : address;
}
