import type { Guid } from "../protocol/types.ts";

/** Where a connection comes from; `address` is text, IPv4-mapped addresses in IPv4 form. */
export type PeerAddress = { readonly address: string; readonly port: number };

/**
 * The connection that a call came on: the same object for all of its calls, so that it can be a
 * key to what an interface keeps for it.
 */
export type CallConnection = {
  /**
   * Calls back once, when no reply can be sent on the connection any more; at once where that is
   * so already. The listener must not throw.
   */
  readonly onClose: (listener: () => void) => void;
};

/** One request, reassembled, as an interface sees it (C706 12.6.4.9). */
export type RpcCall = {
  readonly opnum: number;
  /** Request stub. Only valid until `invoke` returns: copy what must outlive it. */
  readonly stub: Uint8Array;
  /** Byte order of the stub, from the drep of its PDU. */
  readonly littleEndian: boolean;
  readonly objectUuid: Guid | undefined;
  readonly peer: PeerAddress;
  readonly connection: CallConnection;
};

/** What a call ends with: a response stub, or a fault with an nca status (C706 appendix E). */
export type RpcOutcome =
  | {
      readonly kind: "response";
      readonly stub: Uint8Array;
      /**
       * Byte order of the stub, little-endian where it is left out. A relayed reply keeps its own.
       */
      readonly littleEndian?: boolean;
    }
  | { readonly kind: "fault"; readonly status: number; readonly didNotExecute: boolean };

/**
 * An RPC interface: everything the listener needs to offer it. One file per interface.
 * `invoke` calls `complete` exactly once, at once or later; opnums not below `operationCount` never
 * reach it.
 */
export type RpcInterface = {
  readonly name: string;
  readonly uuid: Guid;
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly operationCount: number;
  readonly invoke: (call: RpcCall, complete: (outcome: RpcOutcome) => void) => void;
};
