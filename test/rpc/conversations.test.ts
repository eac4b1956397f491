import { expect, test } from "bun:test";
import { ECHO_OPERATION } from "./echo-interface.ts";
import {
  bind,
  bindAckText,
  bindNakText,
  context,
  ECHO,
  FIRST,
  faultText,
  fits,
  hex,
  joined,
  LAST,
  MGMT,
  MPX,
  NDR32,
  octets,
  pdu,
  request,
  responseText,
  TYPE,
  u32,
  WHOLE,
} from "./octets.ts";
import { withServer } from "./test-server.ts";

const MGMT_CONTEXT = context(0, MGMT, NDR32);
const ECHO_CONTEXT = context(0, ECHO, NDR32);
const B = bind([MGMT_CONTEXT]);
const BE = bind([ECHO_CONTEXT]);
const IS_LISTENING = 2;
const LISTENING = octets("00000000 01000000");
const OPERATION_RANGE = 0x1c010002;
const PROTOCOL_ERROR = 0x1c01000b;
const { addOne } = ECHO_OPERATION;

test("P0-24 a request before a bind reaches no interface", () =>
  withServer(async ({ client, listener }) => {
    const peer = await client();
    await peer.send(request(addOne, u32(1)));
    expect(await peer.pdu()).toBe(faultText(1, PROTOCOL_ERROR));
    expect(listener.statistics().calls).toBe(0);
  }));

test("P0-2 a bind in writes of one octet", () =>
  withServer(async ({ client, port }) => {
    const peer = await client();
    await peer.sendOctetwise(joined(B, request(IS_LISTENING, octets(""), { callId: 2 })));
    expect(fits(await peer.pdu(), bindAckText(String(port), ["accepted"]))).toBe(true);
    expect(await peer.pdu()).toBe(responseText(2, LISTENING));
  }));

test("P0-15 1,000 fragments of one octet", () =>
  withServer(async ({ client }) => {
    const peer = await client();
    const stub = joined(u32(992), u32(992), new Uint8Array(992).fill(7));
    const fragments = Array.from(stub, (octet, index) => {
      const flags = (index === 0 ? FIRST : 0) | (index === stub.length - 1 ? LAST : 0);
      return request(ECHO_OPERATION.echoData, new Uint8Array([octet]), { flags });
    });
    expect(fragments).toHaveLength(1000);
    await peer.send(BE, ...fragments);
    await peer.pdu();
    expect(await peer.pdu()).toBe(responseText(1, stub.slice(4)));
  }));

test("P0-16 a long reply leaves in fragments of whole multiples of 8", () =>
  withServer(async ({ client }) => {
    const peer = await client();
    const length = 12_000;
    await peer.send(
      bind([ECHO_CONTEXT], { maxTransmit: 2049, maxReceive: 2055 }),
      request(ECHO_OPERATION.sourceData, u32(length)),
    );
    await peer.pdu();
    const stubs: Uint8Array[] = [];
    for (let flags = 0; (flags & LAST) === 0; ) {
      const fragment = octets(await peer.pdu());
      flags = fragment[3] ?? 0;
      const remaining = length + 4 - joined(...stubs).length;
      expect((flags & FIRST) !== 0).toBe(stubs.length === 0);
      expect(fragment.length).toBeLessThanOrEqual(2048);
      expect(new DataView(fragment.buffer).getUint32(16, true)).toBe(remaining);
      stubs.push(fragment.slice(24));
      if ((flags & LAST) === 0) expect((fragment.length - 24) % 8).toBe(0);
    }
    const expected = joined(
      u32(length),
      Uint8Array.from({ length }, (_, index) => index),
    );
    expect(joined(...stubs)).toEqual(expected);
  }));

test("P0-27 200 calls at once with multiplexing: each call id once, in any order", () =>
  withServer(async ({ client }) => {
    const peer = await client();
    const calls = Array.from({ length: 200 }, (_, callId) =>
      request(ECHO_OPERATION.sleep, u32(callId % 5), { callId }),
    );
    await peer.send(bind([ECHO_CONTEXT], { flags: WHOLE | MPX }), ...calls);
    await peer.pdu();
    const ids: number[] = [];
    while (ids.length < 200)
      ids.push(new DataView(octets(await peer.pdu()).buffer).getUint32(12, true));
    expect(ids.toSorted((left, right) => left - right)).toEqual(Array.from(calls.keys()));
    expect(ids).not.toEqual(Array.from(calls.keys()));
  }));

test("without multiplexing replies leave in the order of their requests", () =>
  withServer(async ({ client, held }) => {
    const peer = await client();
    const hold = request(ECHO_OPERATION.hold, octets(""), { callId: 1 });
    await peer.send(
      BE,
      hold,
      request(addOne, u32(1), { callId: 2 }),
      request(99, octets(""), { callId: 3 }),
    );
    await peer.pdu();
    const complete = await held.next();
    complete({ kind: "response", stub: octets("aa") });
    complete({ kind: "response", stub: octets("bb") });
    expect(await peer.pdu()).toBe(responseText(1, octets("aa")));
    expect(await peer.pdu()).toBe(responseText(2, u32(2)));
    expect(await peer.pdu()).toBe(faultText(3, OPERATION_RANGE, { didNotExecute: true }));

    await peer.send(
      request(ECHO_OPERATION.hold, octets(""), { callId: 4 }),
      request(addOne, u32(4), { callId: 5 }),
      request(ECHO_OPERATION.hold, octets(""), { callId: 6 }),
      request(addOne, u32(6), { callId: 7 }),
    );
    const [fourth, sixth] = [await held.next(), await held.next()];
    fourth({ kind: "response", stub: octets("dd") });
    expect(await peer.pdu()).toBe(responseText(4, octets("dd")));
    expect(await peer.pdu()).toBe(responseText(5, u32(5)));
    sixth({ kind: "response", stub: octets("ff") });
    expect(await peer.pdu()).toBe(responseText(6, octets("ff")));
    expect(await peer.pdu()).toBe(responseText(7, u32(7)));
  }));

test("P0-61 a relayed reply keeps its byte order, header and all", () =>
  withServer(async ({ client, held }) => {
    const peer = await client();
    await peer.send(BE, request(ECHO_OPERATION.hold));
    await peer.pdu();
    const complete = await held.next();
    complete({ kind: "response", stub: u32(7, "big"), littleEndian: false });
    const body = joined(u32(4, "big"), octets("0000 0000"), u32(7, "big"));
    expect(await peer.pdu()).toBe(hex(pdu(TYPE.response, body, { order: "big" })));
  }));

test("a fault of status 0 leaves as one of our own: 0 would be no fault", () =>
  withServer(async ({ client, held }) => {
    const peer = await client();
    await peer.send(BE, request(ECHO_OPERATION.hold));
    await peer.pdu();
    const complete = await held.next();
    complete({ kind: "fault", status: 0, didNotExecute: false });
    expect(await peer.pdu()).toBe(faultText(1, 0x1c000012));
  }));

test("P0-29 half-close after a request: the reply, then the end", () =>
  withServer(async ({ client, held }) => {
    const peer = await client();
    await peer.send(BE, request(addOne, u32(1)));
    peer.shutdown();
    await peer.pdu();
    expect(await peer.pdu()).toBe(responseText(1, u32(2)));
    expect(await peer.pdu()).toBe("end");

    const patient = await client();
    await patient.send(BE, request(ECHO_OPERATION.hold));
    await patient.pdu();
    const complete = await held.next();
    patient.shutdown();
    // Another connection's whole exchange lies between: the end of the first has been seen by then.
    const other = await client();
    await other.send(BE, request(addOne, u32(1)));
    await other.pdu();
    await other.pdu();
    complete({ kind: "response", stub: octets("aa") });
    expect(await patient.pdu()).toBe(responseText(1, octets("aa")));
    expect(await patient.pdu()).toBe("end");
  }));

test("an association group is joined while one of its connections lives, and not after", () =>
  withServer(async ({ client, listener }) => {
    const first = await client();
    await first.send(B);
    const group = new DataView(octets(await first.pdu()).buffer).getUint32(20, true);
    expect(group).not.toBe(0);
    const second = await client();
    await second.send(bind([MGMT_CONTEXT], { group }));
    expect(new DataView(octets(await second.pdu()).buffer).getUint32(20, true)).toBe(group);
    expect(listener.statistics().associationGroups).toBe(1);
    for (const peer of [first, second]) {
      peer.shutdown();
      expect(await peer.pdu()).toBe("end");
    }
    const late = await client();
    await late.send(bind([MGMT_CONTEXT], { group }));
    expect(await late.pdu()).toBe(bindNakText(1, 0));
  }));
