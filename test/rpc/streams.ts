import {
  alterContext,
  bind,
  context,
  ECHO,
  FEATURES_3,
  FIRST,
  joined,
  LAST,
  MGMT,
  MPX,
  NDR32,
  NDR64,
  octets,
  pdu,
  request,
  TYPE,
  UNKNOWN,
  u32,
  WHOLE,
} from "./octets.ts";

/** PDUs that streams for properties and fuzzing are made of: all in place after the bind. */
export const SEED_BINDS: readonly Uint8Array[] = [
  bind([context(0, ECHO, NDR32)]),
  bind([context(0, ECHO, NDR32)], { flags: WHOLE | MPX }),
  bind([context(0, ECHO, NDR32)], { order: "big" }),
  bind([context(0, ECHO, NDR32), context(1, ECHO, NDR64), context(2, ECHO, FEATURES_3)]),
  bind([context(0, UNKNOWN, NDR32)], { maxTransmit: 100, maxReceive: 100 }),
];

export const SEED_PDUS: readonly Uint8Array[] = [
  request(0, u32(7), { callId: 2 }),
  request(1, new Uint8Array(300).fill(0x5a), { callId: 3 }),
  request(1, u32(9, "big"), { callId: 4, order: "big" }),
  request(2, octets(""), { callId: 5 }),
  request(0, u32(1), { callId: 6, object: "01020304-0506-0708-090a-0b0c0d0e0f10" }),
  joined(
    request(1, new Uint8Array(40).fill(1), { callId: 7, flags: FIRST, allocHint: 100 }),
    request(1, new Uint8Array(50).fill(2), { callId: 7, flags: 0 }),
    request(1, new Uint8Array(10).fill(3), { callId: 7, flags: LAST }),
  ),
  request(1, new Uint8Array(5816).fill(4), { callId: 8 }),
  request(0xffff, octets(""), { callId: 9 }),
  request(0, u32(1), { callId: 10, contextId: 77 }),
  alterContext([context(1, MGMT, NDR32)], { callId: 11 }),
  alterContext([context(2, UNKNOWN, NDR32), context(3, ECHO, NDR64)], { callId: 12 }),
  pdu(TYPE.cancel, octets(""), { callId: 13 }),
  pdu(TYPE.orphaned, octets(""), { callId: 14 }),
];
