import { PDU_TYPE } from "./pdu/header.ts";

/**
 * The states of a server connection and what a PDU does in each. Everything that decides whether a
 * PDU is in place stands here; `connection.ts` says what is done about it. C706 9.3.3
 * (association), MS-RPCE 3.3.3.5.
 *
 * - `unbound`: nothing but a bind may come.
 * - `bound`: a bind was answered. Even if every context of it was rejected an alter_context may
 *   follow.
 * - `closing`: the last answer was given; input is thrown away until the connection is closed.
 */
export type ConnectionState = "unbound" | "bound" | "closing";

/**
 * - `bind`, `alterContext`, `request`: handled by that name.
 * - `ignore`: no answer, nothing changes (MS-RPCE 3.3.1.5.10: co_cancel and orphaned get no reply).
 * - `secondBind`: bind_nak, close.
 * - `protocolError`: fault nca_s_proto_error, close.
 */
export type PduVerdict =
  | "bind"
  | "alterContext"
  | "request"
  | "ignore"
  | "secondBind"
  | "protocolError";

const VERDICTS: Readonly<Record<ConnectionState, ReadonlyMap<number, PduVerdict>>> = {
  unbound: new Map<number, PduVerdict>([
    [PDU_TYPE.bind, "bind"],
    [PDU_TYPE.cancel, "ignore"],
    [PDU_TYPE.orphaned, "ignore"],
  ]),
  bound: new Map<number, PduVerdict>([
    [PDU_TYPE.request, "request"],
    [PDU_TYPE.alterContext, "alterContext"],
    [PDU_TYPE.bind, "secondBind"],
    [PDU_TYPE.cancel, "ignore"],
    [PDU_TYPE.orphaned, "ignore"],
  ]),
  closing: new Map(),
};

/** What a PDU of this type does in this state; whatever is not listed is a protocol error. */
export function pduVerdict(state: ConnectionState, type: number): PduVerdict {
  return VERDICTS[state].get(type) ?? "protocolError";
}
