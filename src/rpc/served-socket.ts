import type { Socket } from "bun";
import type { CloseReason, ConnectionContext, ConnectionEvent } from "./connection.ts";
import { RpcConnection } from "./connection.ts";
import type { Displaceable } from "./displacement.ts";
import type { PeerAddress, RpcOutcome } from "./interface.ts";
import type { RpcLimits } from "./limits.ts";
import { FAULT_STATUS } from "./pdu/fault.ts";
import type { EndReason, ExpiredPhase } from "./statistics.ts";

export type RpcLog = (
  level: "debug" | "info" | "warning" | "error",
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

/** What a served socket needs of its listener. */
export type ServedSocketOwner = {
  readonly context: ConnectionContext;
  readonly log: RpcLog;
  /** Coarse time in milliseconds: moves with the listener's timer, never backwards. */
  readonly now: () => number;
  /** Asks for a `pump` once the calls that are completing together have completed. */
  readonly wake: (served: ServedSocket) => void;
  /** Asks for a `pump` after others have had their turn. */
  readonly wakeLater: (served: ServedSocket) => void;
  /** The connection is over. Called once. */
  readonly ended: (served: ServedSocket, reason: EndReason) => void;
};

export type RpcSocket = Socket<ServedSocket | undefined>;

/** The peer of a socket. Its port is a system call away, and few calls ask for it. */
class SocketPeer implements PeerAddress {
  readonly address: string;
  readonly #socket: RpcSocket;
  #port: number | undefined;

  constructor(socket: RpcSocket, address: string) {
    this.#socket = socket;
    this.address = address;
  }

  /** 0 where it is first asked for after the socket is gone. */
  get port(): number {
    this.#port ??= this.#socket.remotePort ?? 0;
    return this.#port;
  }
}

/** One accepted TCP connection: carries octets between a socket and an {@link RpcConnection}. */
export class ServedSocket implements Displaceable {
  /** Where the peer connects from. */
  readonly address: string;
  /** In the listener's list of sockets to pump. */
  awake = false;

  readonly #owner: ServedSocketOwner;
  readonly #socket: RpcSocket;
  readonly #connection: RpcConnection;
  #pumping = false;
  #paused = false;
  #inputEnded = false;
  #over = false;
  /** Set once the connection gave its close: what is in the way of it is unsent output. */
  #closeReason: CloseReason | undefined;
  /** Our half is shut; the peer's last octets are thrown away. */
  #lingering = false;
  #discarded = 0;
  #sent = 0;
  #waiting: ExpiredPhase | "call" = "bind";
  #mark = 0;
  #deadline: number;

  constructor(
    socket: RpcSocket,
    owner: ServedSocketOwner,
    address: string,
    secondaryAddress: string,
  ) {
    this.#socket = socket;
    this.#owner = owner;
    this.address = address;
    const peer = new SocketPeer(socket, address);
    this.#connection = new RpcConnection(owner.context, peer, secondaryAddress);
    this.#deadline = owner.now() + owner.context.limits.bindMilliseconds;
  }

  receive(segment: Uint8Array): void {
    if (this.#closeReason !== undefined) {
      this.#discard(segment.length);
      return;
    }
    this.#connection.receive(segment);
    this.pump();
  }

  /** The peer shut its half. It still reads: the replies of its calls are sent first. */
  receiveEnd(): void {
    this.#inputEnded = true;
    if (this.#lingering) {
      this.#socket.end();
      return;
    }
    this.#connection.receiveEnd();
    this.pump();
  }

  /** Takes no more requests, and closes when the replies under way are sent. */
  drain(): void {
    // A peer that has its last answer and does not close keeps nobody waiting.
    if (this.#lingering) {
      this.end(this.#closeReason ?? "drained", false);
      return;
    }
    this.#connection.drain();
    this.pump();
  }

  /** Does everything that can be done now: calls, replies, closing. */
  pump(): void {
    // An interface may complete another call of this connection from within `invoke`.
    if (this.#over || this.#pumping) return;
    this.#pumping = true;
    let wasBlocked: boolean;
    do {
      this.#takeEvents();
      wasBlocked = this.#connection.blocked;
      this.#flush();
    } while (wasBlocked && !this.#over && !this.#connection.blocked);
    this.#pumping = false;
    if (this.#closeReason !== undefined) this.#finish();
    if (this.#over) return;
    if (this.#connection.yielding) this.#owner.wakeLater(this);
    this.#pauseOrResume();
    this.#watch();
  }

  /** Ends the connection where its time is up. */
  checkDeadline(now: number): void {
    if (now < this.#deadline || this.#waiting === "call") return;
    const reason = this.#waiting;
    this.end(reason, reason === "output" || reason === "closing");
  }

  timeUsed(now: number): number | undefined {
    if (this.#over || this.#waiting === "call") return undefined;
    return 1 - (this.#deadline - now) / timeLimit(this.#waiting, this.#owner.context.limits);
  }

  /** Ends the connection at once: `abrupt` throws unsent octets away and resets it. */
  end(reason: EndReason, abrupt: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.dispose();
    if (abrupt) this.#socket.terminate();
    else this.#socket.end();
    this.#owner.ended(this, reason);
  }

  /** The socket is gone. */
  closed(): void {
    this.end(this.#closeReason ?? (this.#inputEnded ? "peerEnded" : "reset"), true);
  }

  #takeEvents(): void {
    for (;;) {
      const event = this.#connection.next();
      if (event === undefined) return;
      if (event.kind === "call") this.#invoke(event);
      else this.#closeReason = event.reason;
    }
  }

  #invoke({ entry, call, pending }: Extract<ConnectionEvent, { kind: "call" }>): void {
    const complete = (outcome: RpcOutcome): void => {
      this.#connection.respond(pending, outcome);
      if (!this.#pumping) this.#owner.wake(this);
    };
    try {
      entry.invoke(call, complete);
    } catch (error) {
      // A defect of ours must not take the other connections down.
      this.#owner.log("error", "an interface threw", { interface: entry.name, error });
      complete({ kind: "fault", status: FAULT_STATUS.unspecified, didNotExecute: false });
    }
  }

  #flush(): void {
    const { output } = this.#connection;
    if (output.length === 0) return;
    const taken = this.#socket.write(output.bytes, output.head, output.length);
    if (taken <= 0) return;
    output.consume(taken);
    this.#sent += taken;
    this.#owner.context.counters.octetsSent += taken;
  }

  /**
   * The last answer is out: shuts our half and waits for the peer's end, because closing with
   * octets of the peer unread resets the connection, and the reset can overtake the answer.
   */
  #finish(): void {
    const reason = this.#closeReason ?? "peerEnded";
    if (reason === "overBudget") {
      // No answer is on its way, and whoever pours in more than there is room for would go on.
      this.end(reason, true);
      return;
    }
    if (this.#connection.output.length > 0 || this.#lingering) return;
    if (this.#inputEnded || reason === "drained") {
      this.end(reason, false);
      return;
    }
    this.#lingering = true;
    this.#socket.shutdown();
  }

  #discard(count: number): void {
    this.#discarded += count;
    if (this.#discarded > this.#owner.context.limits.discardOctets) this.end("closing", true);
  }

  #pauseOrResume(): void {
    const { blocked, yielding } = this.#connection;
    const pause = (blocked || yielding) && this.#closeReason === undefined;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Sets the time limit of what is waited for, anew where that has changed or moved. */
  #watch(): void {
    const { phase, output, progress } = this.#connection;
    const unsent = output.length > 0;
    const waiting = unsent && phase !== "closing" ? "output" : phase;
    const mark = unsent ? this.#sent : progress;
    const moves = waiting !== "bind" && waiting !== "closing";
    if (waiting === this.#waiting && (!moves || mark === this.#mark)) return;
    this.#waiting = waiting;
    this.#mark = mark;
    this.#deadline = this.#owner.now() + timeLimit(waiting, this.#owner.context.limits);
  }
}

function timeLimit(waiting: ExpiredPhase | "call", limits: RpcLimits): number {
  switch (waiting) {
    case "bind":
      return limits.bindMilliseconds;
    case "idle":
      return limits.idleMilliseconds;
    case "pdu":
      return limits.pduMilliseconds;
    case "request":
      return limits.requestMilliseconds;
    case "output":
      return limits.outputMilliseconds;
    case "closing":
      return limits.closingMilliseconds;
    case "call":
      // An interface always completes: how long that may take is its own matter.
      return Number.POSITIVE_INFINITY;
  }
}
