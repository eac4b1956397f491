/** The shell that calls: one TCP connection to one interface of a server. */
import type { Socket } from "bun";
import { fail, ok, type Result } from "../platform/result.ts";
import type { Guid } from "../protocol/types.ts";
import { type BindRejection, CallerConnection, type CallerEvent } from "./caller-connection.ts";
import type { RpcOutcome } from "./interface.ts";
import { uuidFrom } from "./uuid.ts";

export type RpcConnectOptions = {
  /** Name or numeric address. */
  readonly host: string;
  readonly port: number;
  /** For the connection and its bind together, and for a call that names no time of its own. */
  readonly timeoutMs: number;
  readonly interfaceUuid: Guid;
  readonly versionMajor: number;
  readonly versionMinor: number;
  /** Byte order of what is sent, stubs included; little-endian where it is left out. */
  readonly littleEndian?: boolean;
  /** Stub octets taken of one reply; 64 KiB where it is left out. */
  readonly replyOctetsMax?: number;
};

const DEFAULT_REPLY_OCTETS_MAX = 64 * 1024;

/** Why there is no connection, or no outcome. A fault is an outcome, not an error. */
export type RpcCallerError =
  /** No TCP connection; the system's code, such as ECONNREFUSED. */
  | { readonly kind: "unreachable"; readonly code: string }
  /** Nothing came in time. The connection is closed: a late answer belongs to nobody. */
  | { readonly kind: "timeout"; readonly during: "connect" | "call" }
  | { readonly kind: "rejected"; readonly rejection: BindRejection }
  | { readonly kind: "protocolError"; readonly detail: string }
  /** The connection ended before the answer; `by` says who ended it. */
  | { readonly kind: "closed"; readonly by: "server" | "caller" };

type RpcCallOptions = {
  readonly objectUuid?: Guid;
  readonly timeoutMs?: number;
};

export type RpcCaller = {
  /** False once the connection is over; a new one has to be made then. */
  readonly usable: () => boolean;
  /** Calls may overlap; the server answers them in order. Never rejects. */
  readonly call: (
    opnum: number,
    stub: Uint8Array,
    options?: RpcCallOptions,
  ) => Promise<Result<RpcOutcome, RpcCallerError>>;
  /** Closes the connection; calls under way end with `closed`. */
  readonly close: () => void;
};

/** Connects and binds to one interface with NDR 2.0. Never rejects. */
export function connectRpc(options: RpcConnectOptions): Promise<Result<RpcCaller, RpcCallerError>> {
  return new Promise((resolve) => {
    const caller = new CallerSocket(options, resolve);
    caller.connect();
  });
}

type OpenCall = {
  readonly resolve: (result: Result<RpcOutcome, RpcCallerError>) => void;
  readonly timer: ReturnType<typeof setTimeout>;
};

class CallerSocket {
  readonly #options: RpcConnectOptions;
  readonly #connection: CallerConnection;
  readonly #calls = new Map<number, OpenCall>();
  readonly #timer: ReturnType<typeof setTimeout>;
  #socket: Socket<undefined> | undefined;
  /** Until the bind is answered. */
  #resolve: ((result: Result<RpcCaller, RpcCallerError>) => void) | undefined;
  #over: RpcCallerError | undefined;

  constructor(
    options: RpcConnectOptions,
    resolve: (result: Result<RpcCaller, RpcCallerError>) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#connection = new CallerConnection({
      abstractSyntax: {
        uuid: uuidFrom(options.interfaceUuid),
        versionMajor: options.versionMajor,
        versionMinor: options.versionMinor,
      },
      littleEndian: options.littleEndian ?? true,
      replyOctetsMax: options.replyOctetsMax ?? DEFAULT_REPLY_OCTETS_MAX,
    });
    this.#timer = setTimeout(() => {
      this.#end({ kind: "timeout", during: "connect" });
    }, options.timeoutMs);
  }

  connect(): void {
    const { host, port } = this.#options;
    Bun.connect<undefined>({
      hostname: host,
      port,
      data: undefined,
      socket: {
        open: (socket) => this.#opened(socket),
        data: (_socket, segment) => this.#receive(segment),
        drain: () => this.#flush(),
        close: () => this.#end({ kind: "closed", by: "server" }),
        error: (_socket, error) => this.#end(unreachable(error)),
        connectError: (_socket, error) => this.#end(unreachable(error)),
      },
    }).catch((error: unknown) => this.#end(unreachable(error)));
  }

  readonly usable = (): boolean => this.#over === undefined;

  readonly close = (): void => this.#end({ kind: "closed", by: "caller" });

  readonly call = (
    opnum: number,
    stub: Uint8Array,
    options: RpcCallOptions = {},
  ): Promise<Result<RpcOutcome, RpcCallerError>> => {
    if (this.#over !== undefined) return Promise.resolve(fail(this.#over));
    return new Promise((resolve) => {
      const callId = this.#connection.call(opnum, stub, options.objectUuid);
      const timer = setTimeout(() => {
        this.#end({ kind: "timeout", during: "call" });
      }, options.timeoutMs ?? this.#options.timeoutMs);
      this.#calls.set(callId, { resolve, timer });
      this.#flush();
    });
  };

  #opened(socket: Socket<undefined>): void {
    // Bun cannot give up a connection that is being made: one that comes too late is dropped here.
    if (this.#over !== undefined) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    this.#connection.bind();
    this.#flush();
  }

  #receive(segment: Uint8Array): void {
    this.#connection.receive(segment);
    for (;;) {
      const event = this.#connection.next();
      if (event === undefined) return;
      this.#handle(event);
    }
  }

  #handle(event: CallerEvent): void {
    switch (event.kind) {
      case "bound": {
        clearTimeout(this.#timer);
        const { usable, call, close } = this;
        this.#resolve?.(ok({ usable, call, close }));
        this.#resolve = undefined;
        return;
      }
      case "outcome": {
        const open = this.#calls.get(event.callId);
        this.#calls.delete(event.callId);
        clearTimeout(open?.timer);
        open?.resolve(ok(event.outcome));
        return;
      }
      case "rejected":
        this.#end({ kind: "rejected", rejection: event.rejection });
        return;
      case "protocolError":
        this.#end({ kind: "protocolError", detail: event.detail });
        return;
    }
  }

  #flush(): void {
    const { output } = this.#connection;
    if (output.length === 0) return;
    const taken = this.#socket?.write(output.bytes, output.head, output.length) ?? 0;
    if (taken > 0) output.consume(taken);
  }

  #end(error: RpcCallerError): void {
    if (this.#over !== undefined) return;
    this.#over = error;
    clearTimeout(this.#timer);
    this.#socket?.end();
    this.#resolve?.(fail(error));
    this.#resolve = undefined;
    for (const { resolve, timer } of this.#calls.values()) {
      clearTimeout(timer);
      resolve(fail(error));
    }
    this.#calls.clear();
  }
}

function unreachable(error: unknown): RpcCallerError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return { kind: "unreachable", code: typeof code === "string" ? code : String(error) };
}

/** What went wrong, in a few words; `sought` names the interface that a server may not offer. */
export function describeCallerError(error: RpcCallerError, sought: string): string {
  switch (error.kind) {
    case "unreachable":
      return `cannot connect: ${error.code}`;
    case "timeout":
      return error.during === "connect" ? "no connection in time" : "no answer in time";
    case "rejected":
      return `does not offer ${sought}`;
    case "protocolError":
      return `does not speak RPC as it should: ${error.detail}`;
    case "closed":
      return "closed the connection before it answered";
  }
}
