import { describe, expect, test } from "bun:test";
import { ECHO_OPERATION } from "./echo-interface.ts";
import {
  type Answer,
  alterAckText,
  alterContext,
  bind,
  bindAckText,
  bindNakText,
  type Context,
  context,
  ECHO,
  FEATURES_3,
  FIRST,
  faultText,
  fits,
  joined,
  LAST,
  MGMT,
  MPX,
  NDR32,
  NDR64,
  octets,
  pdu,
  request,
  responseText,
  TYPE,
  UNKNOWN,
  u32,
  WHOLE,
} from "./octets.ts";
import { type TestServer, withServer } from "./test-server.ts";

const MGMT_CONTEXT = context(0, MGMT, NDR32);
const ECHO_CONTEXT = context(0, ECHO, NDR32);
const B = bind([MGMT_CONTEXT]);
/** Management operation 2, is_server_listening, and its reply. */
const IS_LISTENING = 2;
const LISTENING = octets("00000000 01000000");

const OPERATION_RANGE = 0x1c010002;
const UNKNOWN_INTERFACE = 0x1c010003;
const PROTOCOL_ERROR = 0x1c01000b;
const BAD_STUB = 0x6f7;
const ACCESS_DENIED = 5;
const NO_CALL_ACTIVE = 0x6bd;

/**
 * One conversation: what is sent, what comes back, and whether the connection is still good then.
 */
type Case = {
  readonly title: string;
  readonly send: readonly Uint8Array[];
  readonly answers: (port: string) => readonly string[];
  readonly afterwards: "open" | "close";
};

async function converse(server: TestServer, { send, answers, afterwards }: Case): Promise<void> {
  const client = await server.client();
  await client.send(...send);
  for (const pattern of answers(String(server.port))) {
    const answer = await client.pdu();
    if (!fits(answer, pattern)) expect(answer).toBe(pattern);
  }
  if (afterwards === "close") {
    expect(await client.pdu()).toBe("end");
    return;
  }
  await client.send(pdu(TYPE.cancel, octets(""), { callId: 99 }));
  await client.send(request(0xffff, octets(""), { callId: 98, contextId: 0xeeee }));
  expect(await client.pdu()).toBe(faultText(98, UNKNOWN_INTERFACE, { didNotExecute: true }));
}

function table(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const entry of cases) {
      test(entry.title, () => withServer((server) => converse(server, entry)));
    }
  });
}

function bindCase(title: string, contexts: readonly Context[], answers: readonly Answer[]): Case {
  return {
    title,
    send: [bind(contexts)],
    answers: (port) => [bindAckText(port, answers)],
    afterwards: "open",
  };
}

const REJECTED_INTERFACE: Answer = [2, 1];
const REJECTED_TRANSFER: Answer = [2, 2];

table("bind (C706 12.6.4.3, MS-RPCE 3.3.1.5.6)", [
  {
    title: "P0-1 one context with NDR is acknowledged with the port and one acceptance",
    send: [B],
    answers: (port) => [bindAckText(port, ["accepted"])],
    afterwards: "open",
  },
  {
    title: "P0-3 bind and request in one segment",
    send: [joined(B, request(IS_LISTENING, octets(""), { callId: 2 }))],
    answers: (port) => [bindAckText(port, ["accepted"]), responseText(2, LISTENING)],
    afterwards: "open",
  },
  bindCase(
    "P0-4 the three contexts of Windows: NDR, NDR64, bind-time features",
    [MGMT_CONTEXT, context(1, MGMT, NDR64), context(2, MGMT, FEATURES_3)],
    ["accepted", REJECTED_TRANSFER, [3, 3]],
  ),
  bindCase(
    "P0-5 NDR64 first",
    [context(0, MGMT, NDR64), context(1, MGMT, NDR32)],
    [REJECTED_TRANSFER, "accepted"],
  ),
  {
    title: "P0-6 an unknown interface is rejected without a nak, and alter_context then works",
    send: [
      bind([context(0, UNKNOWN, NDR32)]),
      alterContext([context(7, MGMT, NDR32)], { callId: 2 }),
    ],
    answers: (port) => [
      bindAckText(port, [REJECTED_INTERFACE]),
      alterAckText(["accepted"], { callId: 2 }),
    ],
    afterwards: "open",
  },
  bindCase("P0-7 another major version", [context(0, [MGMT[0], 9], NDR32)], [REJECTED_INTERFACE]),
  bindCase(
    "P0-7 a higher minor version",
    [context(0, [MGMT[0], 1, 7], NDR32)],
    [REJECTED_INTERFACE],
  ),
  bindCase(
    "P0-8 only an unknown transfer syntax",
    [context(0, MGMT, UNKNOWN)],
    [REJECTED_TRANSFER],
  ),
  bindCase(
    "P0-9 of two good contexts the first is accepted",
    [context(0, MGMT, NDR32), context(1, ECHO, NDR32)],
    ["accepted", REJECTED_TRANSFER],
  ),
  bindCase(
    "NDR behind other syntaxes of the same context",
    [context(0, MGMT, NDR64, NDR32)],
    ["accepted"],
  ),
  bindCase(
    "features of which we know none",
    [context(0, UNKNOWN, ["6cb71c2c-9812-4540-0400-000000000000", 1])],
    [[3, 0]],
  ),
  {
    title: "flags: support for header signing and multiplexing are echoed, others are not",
    send: [bind([MGMT_CONTEXT], { flags: 0xff })],
    answers: (port) => [bindAckText(port, ["accepted"], { flags: WHOLE | 0x14 })],
    afterwards: "open",
  },
  {
    title: "fragment sizes: the smaller of the two, at least 2048, a multiple of 8",
    send: [bind([MGMT_CONTEXT], { maxTransmit: 3199, maxReceive: 0xffff })],
    answers: (port) => [bindAckText(port, ["accepted"], { fragmentMax: 3192 })],
    afterwards: "open",
  },
  {
    title: "fragment sizes: nothing offered makes 2048",
    send: [bind([MGMT_CONTEXT], { maxTransmit: 0, maxReceive: 0 })],
    answers: (port) => [bindAckText(port, ["accepted"], { fragmentMax: 2048 })],
    afterwards: "open",
  },
  {
    title: "a big-endian bind is read in its order and answered in ours",
    send: [bind([MGMT_CONTEXT], { order: "big", callId: 0x01020304 })],
    answers: (port) => [bindAckText(port, ["accepted"], { callId: 0x01020304 })],
    afterwards: "open",
  },
  {
    title: "a bind larger than a fragment",
    send: [
      bind(Array.from({ length: 200 }, (_, id) => context(id, id === 150 ? MGMT : UNKNOWN, NDR32))),
    ],
    answers: (port) => [
      bindAckText(
        port,
        Array.from({ length: 200 }, (_, id) => (id === 150 ? "accepted" : REJECTED_INTERFACE)),
      ),
    ],
    afterwards: "open",
  },
]);

const NTLM_TRAILER = joined(octets("0a 02 00 00 00000000"), new TextEncoder().encode("NTLMSSP\0"));

function nakCase(title: string, send: Uint8Array, reason: number): Case {
  return { title, send: [send], answers: () => [bindNakText(1, reason)], afterwards: "close" };
}

table("bind_nak, then the end (MS-RPCE 2.2.2.5)", [
  nakCase("P0-21 version 4", bind([MGMT_CONTEXT], { version: [4, 0] }), 4),
  nakCase("P0-21 version 5.1", bind([MGMT_CONTEXT], { version: [5, 1] }), 4),
  nakCase(
    "a data representation of which we know nothing",
    bind([MGMT_CONTEXT], { drep: "11000000" }),
    4,
  ),
  nakCase("P0-22 an auth_length beyond the PDU", bind([MGMT_CONTEXT], { authLength: 0xffff }), 4),
  nakCase("P0-23 200 contexts announced, one there", bind([MGMT_CONTEXT], { count: 200 }), 4),
  nakCase("no contexts", bind([]), 4),
  nakCase("no transfer syntaxes", bind([context(0, MGMT)]), 0),
  nakCase(
    "two feature contexts",
    bind([context(0, MGMT, FEATURES_3), context(1, MGMT, FEATURES_3)]),
    0,
  ),
  nakCase("an association group that is nobody's", bind([MGMT_CONTEXT], { group: 0xdeadbeef }), 0),
  nakCase("P0-25 NTLM", bind([MGMT_CONTEXT], { trailer: NTLM_TRAILER, authLength: 8 }), 8),
  nakCase(
    "authentication at a level that does not exist",
    bind([MGMT_CONTEXT], { trailer: octets("0a 07 00 00 00000000 ff"), authLength: 1 }),
    0,
  ),
  {
    title: "a second bind",
    send: [B, bind([MGMT_CONTEXT], { callId: 2 })],
    answers: (port) => [bindAckText(port, ["accepted"]), bindNakText(2, 0)],
    afterwards: "close",
  },
]);

function requestCase(
  title: string,
  afterwards: Case["afterwards"],
  requests: readonly Uint8Array[],
  answers: readonly string[],
  bindOptions = {},
): Case {
  return {
    title,
    send: [bind([ECHO_CONTEXT], bindOptions), ...requests],
    answers: (port) => [
      bindAckText(port, ["accepted"], {
        flags: "flags" in bindOptions && bindOptions.flags === (WHOLE | MPX) ? WHOLE | MPX : WHOLE,
      }),
      ...answers,
    ],
    afterwards,
  };
}

const { addOne } = ECHO_OPERATION;
const DNE = { didNotExecute: true };
const OBJECT_UUID = "01020304-0506-0708-090a-0b0c0d0e0f10";

table("request (C706 12.6.4.9)", [
  requestCase(
    "P0-10 an operation beyond the last",
    "open",
    [request(0xffff)],
    [faultText(1, OPERATION_RANGE, DNE)],
  ),
  requestCase(
    "P0-11 a context that was never accepted",
    "open",
    [request(0, u32(1), { contextId: 4660 })],
    [faultText(1, UNKNOWN_INTERFACE, DNE)],
  ),
  requestCase(
    "P0-12 a stub that is too short",
    "open",
    [request(addOne, octets("01"))],
    [faultText(1, BAD_STUB)],
  ),
  requestCase(
    "P0-13 a stub that is too long",
    "open",
    [request(addOne, octets("01000000 ffff"))],
    [responseText(1, u32(2))],
  ),
  requestCase(
    "P0-14 three fragments are one call",
    "open",
    [
      request(addOne, octets("01"), { flags: FIRST }),
      request(addOne, octets("00 00"), { flags: 0 }),
      request(addOne, octets("00"), { flags: LAST }),
    ],
    [responseText(1, u32(2))],
  ),
  requestCase(
    "a big-endian stub",
    "open",
    [request(addOne, u32(1, "big"), { order: "big" })],
    [responseText(1, u32(2))],
  ),
  requestCase(
    "P0-26 an object UUID is handed on, and the reply lacks it",
    "open",
    [request(ECHO_OPERATION.objectUuid, octets(""), { object: OBJECT_UUID })],
    [responseText(1, octets("04030201 0605 0807 090a 0b0c0d0e0f10"))],
  ),
  requestCase(
    "P0-28 call ids are echoed, whatever they are",
    "open",
    [0, 0xffffffff, 7, 7].map((callId) => request(addOne, u32(callId), { callId })),
    [0, 0xffffffff, 7, 7].map((callId) => responseText(callId, u32(callId + 1))),
  ),
  ...[0, 1, 0xffffffff].map((allocHint) =>
    requestCase(
      `alloc_hint ${allocHint} of a request of one fragment is only a hint`,
      "open",
      [request(addOne, u32(1), { allocHint })],
      [responseText(1, u32(2))],
    ),
  ),
  requestCase(
    "a context id above 255: its low octet in a response, all of it in a fault",
    "open",
    [
      alterContext([context(0x1234, MGMT, NDR32)], { callId: 2 }),
      request(IS_LISTENING, octets(""), { callId: 3, contextId: 0x1234 }),
      request(99, octets(""), { callId: 4, contextId: 0x1234 }),
    ],
    [
      alterAckText(["accepted"], { callId: 2 }),
      responseText(3, LISTENING, 0x34),
      faultText(4, OPERATION_RANGE, { didNotExecute: true, contextId: 0x1234 }),
    ],
  ),
  requestCase(
    "co_cancel and orphaned get no answer",
    "open",
    [
      pdu(TYPE.cancel, octets(""), { callId: 1 }),
      request(addOne, u32(1).slice(0, 2), { flags: FIRST }),
      pdu(TYPE.cancel, octets(""), { callId: 1 }),
      pdu(TYPE.orphaned, octets(""), { callId: 1 }),
      request(addOne, u32(1).slice(2), { flags: LAST }),
    ],
    [responseText(1, u32(2))],
  ),
  requestCase(
    "an interface that throws is a fault of ours, and nobody else's",
    "open",
    [request(ECHO_OPERATION.broken)],
    [faultText(1, 0x1c000012)],
  ),
]);

const F = { flags: FIRST };
const MANY = new Uint8Array(5816);

table("requests that end the connection", [
  requestCase(
    "P0-17 a fragment of 5841 octets",
    "close",
    [request(addOne, new Uint8Array(5817))],
    [faultText(1, PROTOCOL_ERROR)],
  ),
  requestCase(
    "P0-18 fragments that come to more than the limit",
    "close",
    [request(addOne, MANY, F), ...Array(11).fill(request(addOne, MANY, { flags: 0 }))],
    [faultText(1, ACCESS_DENIED)],
  ),
  requestCase(
    "P0-19 a first fragment that announces more than the limit",
    "close",
    [request(addOne, u32(1), { flags: FIRST, allocHint: 65537 })],
    [faultText(1, ACCESS_DENIED)],
  ),
  requestCase(
    "an authentication trailer",
    "close",
    [request(addOne, joined(u32(1), octets("0a 02 00 00 00000000 ff")), { authLength: 1 })],
    [faultText(1, ACCESS_DENIED)],
  ),
  requestCase(
    "a pending cancel",
    "close",
    [request(addOne, u32(1), { flags: WHOLE | 4 })],
    [faultText(1, NO_CALL_ACTIVE, DNE)],
  ),
  requestCase(
    "a middle without a first",
    "close",
    [request(addOne, u32(1), { flags: 0 })],
    [faultText(1, PROTOCOL_ERROR)],
  ),
  requestCase(
    "a second first: without multiplexing the fault names the call before",
    "close",
    [request(addOne, u32(1), { ...F, callId: 50 }), request(addOne, u32(1), { ...F, callId: 51 })],
    [faultText(50, PROTOCOL_ERROR)],
  ),
  requestCase(
    "a second first: with multiplexing the fault names the new call",
    "close",
    [request(addOne, u32(1), { ...F, callId: 50 }), request(addOne, u32(1), { ...F, callId: 51 })],
    [faultText(51, PROTOCOL_ERROR)],
    { flags: WHOLE | MPX },
  ),
  requestCase(
    "a fragment of another call",
    "close",
    [
      request(addOne, u32(1), { ...F, callId: 50 }),
      request(addOne, u32(1), { flags: LAST, callId: 51 }),
    ],
    [faultText(50, PROTOCOL_ERROR)],
  ),
  requestCase(
    "a fragment of another operation",
    "close",
    [request(addOne, u32(1), F), request(1, u32(1), { flags: LAST })],
    [faultText(1, PROTOCOL_ERROR)],
  ),
  requestCase(
    "a header without a body",
    "close",
    [pdu(TYPE.request, octets("00000000"))],
    [faultText(1, PROTOCOL_ERROR)],
  ),
  requestCase(
    "auth3, which belongs to an authentication that never began",
    "close",
    [pdu(TYPE.auth3, octets("00000000"))],
    [faultText(1, PROTOCOL_ERROR)],
  ),
  requestCase(
    "a PDU of the other direction",
    "close",
    [pdu(TYPE.bindAck, octets("00000000"))],
    [faultText(1, PROTOCOL_ERROR)],
  ),
  requestCase(
    "version 5.1",
    "close",
    [request(addOne, u32(1), { version: [5, 1] })],
    [faultText(1, PROTOCOL_ERROR)],
  ),
  requestCase(
    "alter_context without contexts",
    "close",
    [alterContext([])],
    [faultText(1, PROTOCOL_ERROR, DNE)],
  ),
  requestCase(
    "alter_context that gives a context another interface",
    "close",
    [alterContext([MGMT_CONTEXT])],
    [faultText(1, PROTOCOL_ERROR, DNE)],
  ),
  requestCase(
    "alter_context with authentication",
    "close",
    [alterContext([context(1, ECHO, NDR32)], { trailer: NTLM_TRAILER, authLength: 8 })],
    [faultText(1, ACCESS_DENIED, DNE)],
  ),
  requestCase(
    "P0-20 a frag_length below the header: no answer is possible",
    "close",
    [pdu(TYPE.request, octets(""), { fragLength: 10 })],
    [],
  ),
]);

table("before a bind", [
  {
    title: "P0-24 a request",
    send: [request(addOne, u32(1))],
    answers: () => [faultText(1, PROTOCOL_ERROR)],
    afterwards: "close",
  },
  {
    title: "P0-24 an alter_context",
    send: [alterContext([MGMT_CONTEXT])],
    answers: () => [faultText(1, PROTOCOL_ERROR)],
    afterwards: "close",
  },
]);
