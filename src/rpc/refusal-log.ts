import type { Clock } from "../platform/clock.ts";
import { type Log, type LogLevelName, sampleLog } from "../platform/log.ts";
import type { RpcLimits } from "./limits.ts";
import type { RpcLog } from "./served-socket.ts";
import type { RefusalReason } from "./statistics.ts";

/** For each reason: strangers cause these lines. The next one says how many were left out. */
const LINES_PER_SECOND = 1;

/** Says who was turned away, and by which setting. */
export class RefusalLog {
  readonly #limits: RpcLimits;
  readonly #logs: Readonly<Record<RefusalReason | "displaced", Log>>;

  constructor(log: RpcLog, limits: RpcLimits, clock: Clock) {
    const sampled = () => sampleLog(leveled(log), LINES_PER_SECOND, clock);
    this.#limits = limits;
    this.#logs = {
      admission: sampled(),
      connections: sampled(),
      perAddress: sampled(),
      displaced: sampled(),
    };
  }

  refused(reason: RefusalReason, address: string): void {
    const { connections, connectionsPerAddress } = this.#limits;
    const log = this.#logs[reason];
    switch (reason) {
      case "admission":
        log.warning("connection refused: rpc.admit, allow and deny do not let it in", { address });
        return;
      case "connections":
        log.warning("connection refused: too many, and all are busy", {
          address,
          setting: "rpc.limits.connections",
          limit: connections,
        });
        return;
      case "perAddress":
        log.warning("connection refused: too many from one address", {
          address,
          setting: "rpc.limits.connections_per_address",
          limit: connectionsPerAddress,
        });
    }
  }

  /** `address` had to make room for another client. */
  displaced(address: string): void {
    this.#logs.displaced.warning("connection ended: its place was needed for another", {
      address,
      setting: "rpc.limits.connections",
      limit: this.#limits.connections,
    });
  }
}

function leveled(log: RpcLog): Log {
  const at =
    (level: LogLevelName) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      log(level, message, fields);
  return { debug: at("debug"), info: at("info"), warning: at("warning"), error: at("error") };
}
