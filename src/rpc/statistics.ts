import type { CloseReason } from "./connection.ts";
import type { RpcCounters } from "./counters.ts";

/**
 * Why a connection was closed as soon as it was open: its address is not let in, or the limit of
 * that name is reached and nobody can be displaced.
 */
export type RefusalReason = "admission" | "connections" | "perAddress";

/** Time limits a connection can run into. */
export type ExpiredPhase = "bind" | "idle" | "pdu" | "request" | "output" | "closing";

/**
 * Why a connection ended: by its own rules, by a time limit, because it was cut, or because it had
 * to make room for another.
 */
export type EndReason = CloseReason | ExpiredPhase | "reset" | "displaced";

/** A listener's figures since it was opened. Maps are copies. */
export type RpcStatistics = {
  readonly connectionsOpen: number;
  readonly connectionsAccepted: number;
  readonly connectionsRefused: Readonly<Record<RefusalReason, number>>;
  readonly connectionsEnded: ReadonlyMap<EndReason, number>;
  readonly associationGroups: number;
  /** Octets held for incomplete PDUs and requests (RpcLimits.reassemblyOctets). */
  readonly reassemblyOctets: number;
} & { readonly [Name in keyof RpcCounters]: Readonly<RpcCounters[Name]> };
