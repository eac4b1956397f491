import { describe, expect, test } from "bun:test";
import { FAULT_STATUS } from "../../src/rpc/pdu/fault.ts";
import {
  bind,
  bindAckText,
  context,
  ECHO,
  faultText,
  fits,
  NDR32,
  octets,
  request,
  responseText,
} from "../rpc/octets.ts";
import {
  BIND,
  CMID,
  inStub,
  MICROSOFT,
  OPAQUE_REQUEST,
  readableRequest,
  withRelay,
} from "./harness.ts";

/** Size 0, a null pointer, 0xC004F042. */
const REFUSAL = octets("00000000 00000000 42f004c0");

describe("RELAY-1: off", () => {
  test("the bind is rejected: abstract syntax not supported; the connection stays", () =>
    withRelay({ mode: "off" }, async ({ client, port, relay }) => {
      const peer = await client();
      await peer.send(BIND);
      expect(fits(await peer.pdu(), bindAckText(String(port), [[2, 1]]))).toBe(true);
      await peer.send(request(0, inStub(OPAQUE_REQUEST)));
      const status = FAULT_STATUS.unknownInterface;
      expect(await peer.pdu()).toBe(faultText(1, status, { didNotExecute: true }));
      expect(relay.failure()).toBeNull();
    }));
});

describe("RELAY-1: observe", () => {
  test("bound in version 1.0 alone", () =>
    withRelay({ mode: "observe" }, async ({ client, port }) => {
      const peer = await client();
      const [uuid, major] = MICROSOFT;
      const [minor, other]: [typeof MICROSOFT, typeof MICROSOFT] = [
        [uuid, major, 1],
        [uuid, 2],
      ];
      await peer.send(bind([context(0, minor, NDR32), context(1, other, NDR32)]));
      const rejected = [2, 1] as const;
      expect(fits(await peer.pdu(), bindAckText(String(port), [rejected, rejected]))).toBe(true);
    }));

  test("version 4: refused, and logged with every field", () =>
    withRelay({ mode: "observe" }, async ({ client, effects, relay }) => {
      const peer = await client();
      const previousCmid = octets("00112233445566778899aabbccddeeff");
      const data = readableRequest("LAB-PC-1", { previousCmid });
      await peer.send(BIND, request(0, inStub(data)));
      await peer.pdu();
      expect(await peer.pdu()).toBe(responseText(1, REFUSAL));
      expect(effects).toHaveLength(1);
      expect(effects[0]).toMatchObject({
        source: "observed",
        inInventory: true,
        recordSequence: undefined,
        replacedSequence: undefined,
        event: {
          hresult: 0xc004f042,
          requiredCount: 25,
          machineName: "LAB-PC-1",
          cmid: CMID,
          clientTime: 1_785_585_600_000,
          virtual: false,
          licenceState: 2,
          minutesToExpiration: 43_200,
          applicationId: "11111111-2222-3333-4444-555555555555",
          activationId: "66666666-7777-8888-9999-aaaaaaaaaaaa",
          count: 0,
          peerAddress: "127.0.0.1",
        },
      });
      expect(JSON.parse(effects[0]?.event.detail ?? "")).toEqual({
        version: "4.0",
        octets: 252,
        countedId: "bbbbbbbb-cccc-dddd-eeee-ffffffffffff",
        previousCmid: "33221100-5544-7766-8899-aabbccddeeff",
      });
      expect(relay.statistics()).toMatchObject({ mode: "observe", calls: { observed: 1 } });
    }));

  const sizes = [4, 260, 1024];
  for (const size of sizes) {
    test(`version 6 of ${size} octets: refused, and nothing logged but version and size`, () =>
      withRelay({ mode: "observe" }, async ({ client, effects }) => {
        const peer = await client();
        // Whatever stands behind the version, even what would read as a version 4 request.
        const data = new Uint8Array(size);
        data.set(readableRequest().subarray(0, size));
        data.set(octets("00000600"));
        await peer.send(BIND, request(0, inStub(data)));
        await peer.pdu();
        expect(await peer.pdu()).toBe(responseText(1, REFUSAL));
        const { event, inInventory } = effects[0] ?? {};
        expect(inInventory).toBe(false);
        expect(event).toEqual({
          time: expect.any(Number),
          hresult: 0xc004f042,
          requiredCount: 0,
          machineName: "",
          cmid: "00000000-0000-0000-0000-000000000000",
          clientTime: 0,
          virtual: false,
          licenceState: 0,
          minutesToExpiration: 0,
          activationId: "00000000-0000-0000-0000-000000000000",
          applicationId: "00000000-0000-0000-0000-000000000000",
          count: 0,
          peerAddress: "127.0.0.1",
          detail: JSON.stringify({ version: "6.0", octets: size }),
        });
      }));
  }

  test("a big-endian client's stub is read in its byte order", () =>
    withRelay({ mode: "observe" }, async ({ client, effects }) => {
      const peer = await client();
      const stub = inStub(readableRequest(), "big");
      await peer.send(BIND, request(0, stub, { order: "big" }));
      await peer.pdu();
      expect(await peer.pdu()).toBe(responseText(1, REFUSAL));
      expect(effects[0]?.event.machineName).toBe("LAB-PC-1");
    }));

  const strange: readonly (readonly [string, Uint8Array, string])[] = [
    ["too short for a version", inStub(octets("0000")), "tooShort: version at octet 2"],
    [
      "a version 4 that breaks off",
      inStub(readableRequest().slice(0, 100)),
      "tooShort: request at octet 100",
    ],
    ["more than a request has", inStub(new Uint8Array(1025)), "outOfRange: size at octet 0"],
    ["nothing at all", inStub(octets("")), "tooShort: version at octet 0"],
  ];
  for (const [name, stub, unreadable] of strange) {
    test(`${name}: refused the same, and logged as unreadable`, () =>
      withRelay({ mode: "observe" }, async ({ client, effects }) => {
        const peer = await client();
        await peer.send(BIND, request(0, stub));
        await peer.pdu();
        expect(await peer.pdu()).toBe(responseText(1, REFUSAL));
        expect(JSON.parse(effects[0]?.event.detail ?? "")).toEqual({ unreadable });
        expect(effects[0]?.inInventory).toBe(false);
      }));
  }

  test("a stub that is none: bad stub data, and the connection stays", () =>
    withRelay({ mode: "observe" }, async ({ client, effects, relay }) => {
      const peer = await client();
      await peer.send(BIND, request(0, octets("04000000 05000000 00000600")));
      await peer.pdu();
      const status = FAULT_STATUS.badStubData;
      expect(await peer.pdu()).toBe(faultText(1, status, { didNotExecute: true }));
      expect(effects[0]?.event).toMatchObject({ hresult: 0x800706f7 });
      expect(relay.statistics().calls.malformed).toBe(1);
      await peer.send(request(0, inStub(OPAQUE_REQUEST), { callId: 2 }));
      expect(await peer.pdu()).toBe(responseText(2, REFUSAL));
    }));

  test("other interfaces of the connection are not touched", () =>
    withRelay({ mode: "observe" }, async ({ client, port }) => {
      const peer = await client();
      await peer.send(bind([context(0, ECHO, NDR32), context(1, MICROSOFT, NDR32)]));
      expect(fits(await peer.pdu(), bindAckText(String(port), [[2, 1], "accepted"]))).toBe(true);
    }));
});
