import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type ActivationHost, createActivationHost } from "../../src/host/activation-host.ts";
import { activationInterface } from "../../src/host/rpc-interface.ts";
import { HRESULT } from "../../src/protocol/hresult.ts";
import { OPNUM } from "../../src/protocol/interface.ts";
import { decodeReply } from "../../src/protocol/reply.ts";
import { decodeOutStub, encodeInStub, type StubAnswer } from "../../src/protocol/stub.ts";
import type { RpcOutcome } from "../../src/rpc/interface.ts";
import { FAULT_STATUS } from "../../src/rpc/pdu/fault.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { cmid } from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { octetsOf, SETTINGS } from "./support.ts";

const folder = scratchDirectory("host-interface");
let store: Store;
let host: ActivationHost;

beforeAll(async () => {
  store = await openStore({ path: join(folder, "host.db") });
  host = await createActivationHost({ store, settings: () => SETTINGS });
});

afterAll(async () => {
  await host.stop();
  await store.close();
});

function invoke(opnum: number, stub: Uint8Array, littleEndian = true): Promise<RpcOutcome> {
  const peer = { address: "2001:db8::7", port: 50_000 };
  const connection = { onClose: () => {} };
  const call = { opnum, stub, littleEndian, objectUuid: undefined, peer, connection };
  const answered = new Promise<RpcOutcome>((complete) => {
    activationInterface(host).invoke(call, complete);
  });
  // The connection reuses its buffer the moment `invoke` returns.
  stub.fill(0xee);
  return answered;
}

function answerIn(outcome: RpcOutcome): StubAnswer {
  if (outcome.kind !== "response") throw new Error("a fault");
  const decoded = decodeOutStub(outcome.stub, true);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
}

describe("the activation interface over a real store", () => {
  test("opnum 0 activates: answered, counted and stored, with the peer's address", async () => {
    const { hresult, octets } = answerIn(await invoke(OPNUM.activate, encodeInStub(octetsOf(0))));
    expect(hresult).toBe(HRESULT.success);
    expect(decodeReply(octets ?? new Uint8Array())).toMatchObject({
      ok: true,
      value: { reply: { count: 1 } },
    });
    const [event] = (await store.events()).items;
    expect(event).toMatchObject({ code: 12290, cmid: cmid(0), address: "2001:db8::7", count: 1 });
  });

  test("requests of one turn are one commit", async () => {
    const before = host.snapshot().commits;
    const stubs = [1, 2, 3, 4, 5].map((machine) => encodeInStub(octetsOf(machine)));
    await Promise.all(stubs.map((stub) => invoke(OPNUM.activate, stub)));
    expect(host.snapshot().commits).toBe(before + 1);
    expect(host.snapshot().applications[0]?.count).toBe(6);
  });

  test("opnum 2 probes and leaves no trace", async () => {
    const before = await store.totals();
    const { hresult } = answerIn(await invoke(OPNUM.probe, encodeInStub(octetsOf(77))));
    expect(hresult).toBe(HRESULT.success);
    expect(await store.totals()).toEqual(before);
  });

  test("opnum 1 hands out the licence chain", async () => {
    const { octets } = answerIn(await invoke(OPNUM.getHostLicence, new Uint8Array()));
    expect(octets).toEqual(new Uint8Array([1, 2, 3]));
  });

  test("more octets than a request has: an HRESULT and an event, no fault", async () => {
    const stub = encodeInStub(new Uint8Array(600));
    expect(answerIn(await invoke(OPNUM.activate, stub)).hresult).toBe(HRESULT.malformedRequest);
    const [event] = (await store.events()).items;
    expect(event).toMatchObject({ cmid: null, hresult: HRESULT.malformedRequest });
  });

  test.each([OPNUM.activate, OPNUM.probe])(
    "a stub that is no NDR is a fault (opnum %d)",
    async (opnum) => {
      expect(await invoke(opnum, new Uint8Array([1, 0, 0]))).toEqual({
        kind: "fault",
        status: FAULT_STATUS.badStubData,
        didNotExecute: true,
      });
    },
  );
});
