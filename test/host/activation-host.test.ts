import { describe, expect, test } from "bun:test";
import { decideUnreadable } from "../../src/activation/decide.ts";
import { ActivationState, EMPTY_SAVED_STATE } from "../../src/activation/state.ts";
import {
  type ActivationHost,
  type ActivationHostOptions,
  createActivationHost,
} from "../../src/host/activation-host.ts";
import { HOST_LIMITS, type HostSettings } from "../../src/host/settings.ts";
import { sha256 } from "../../src/platform/hash.ts";
import { fail } from "../../src/platform/result.ts";
import { verifySignature } from "../../src/platform/signature.ts";
import { HRESULT } from "../../src/protocol/hresult.ts";
import { decodeReply, signedMessage } from "../../src/protocol/reply.ts";
import { failureOf } from "../../src/store/health.ts";
import { CLIENT_PRODUCT, cmid, NOW } from "../activation/support.ts";
import { Answers, FULL, HeldStore, KEY, octetsOf, PEER, SETTINGS, settled } from "./support.ts";

type Stage = { host: ActivationHost; held: HeldStore; answers: Answers };

async function stage(
  changes: Partial<HostSettings> = {},
  options: Partial<ActivationHostOptions> = {},
): Promise<Stage> {
  const held = new HeldStore();
  const settings = () => ({ ...SETTINGS, ...changes });
  const host = await createActivationHost({
    store: held.store,
    settings,
    clock: () => NOW,
    ...options,
  });
  return { host, held, answers: new Answers() };
}

function ask({ host, answers }: Stage, ...machines: readonly number[]): void {
  for (const machine of machines) {
    host.activate(octetsOf(machine), PEER, answers.to(`machine ${machine}`));
  }
}

function countIn(octets: Uint8Array | undefined): number | undefined {
  const decoded = decodeReply(octets ?? new Uint8Array());
  return decoded.ok ? decoded.value.reply.count : undefined;
}

describe("STORE-1: a reply is sent only after what it reports is committed", () => {
  test("no answer while the commit is under way, all of them after it", async () => {
    const on = await stage();
    ask(on, 0, 1, 2);
    await settled();
    expect(on.held.pending).toHaveLength(1);
    expect(on.answers.given).toEqual([]);
    await on.held.finish();
    expect(on.answers.labels).toEqual(["machine 0", "machine 1", "machine 2"]);
    expect(on.answers.given.map(({ answer }) => countIn(answer.octets))).toEqual([1, 2, 3]);
  });

  test("a commit that fails is answered with the store's error, and never happened", async () => {
    const on = await stage();
    ask(on, 0);
    await settled();
    await on.held.finish();
    ask(on, 1, 2);
    await settled();
    await on.held.finish(fail(FULL));
    expect(on.answers.results).toEqual([0, HRESULT.storeFull, HRESULT.storeFull]);
    const { applications, figures, state } = on.host.snapshot();
    expect(state).toBe("failed");
    expect(applications[0]).toMatchObject({ count: 1, held: 1, capacity: 50 });
    expect(figures.total).toBe(1);
  });
});

describe("STORE-2: what arrives together shares a commit", () => {
  test("while one is under way the next one collects, in order", async () => {
    const on = await stage();
    ask(on, 0);
    await settled();
    ask(on, 1);
    await settled();
    ask(on, 2);
    await settled();
    expect(on.held.pending).toHaveLength(1);
    const first = await on.held.finish();
    expect(first.requests.map(({ event }) => event.cmid)).toEqual([cmid(0)]);
    expect(on.held.pending).toHaveLength(1);
    const second = await on.held.finish();
    expect(second.requests.map(({ event }) => event.count)).toEqual([2, 3]);
    expect(on.answers.labels).toEqual(["machine 0", "machine 1", "machine 2"]);
    expect(on.host.snapshot()).toMatchObject({ commits: 2, largestCommit: 2, waiting: 0 });
  });

  test("a group has a limit", async () => {
    const on = await stage({}, { limits: { ...HOST_LIMITS, group: 3 } });
    ask(on, 0, 1, 2, 3, 4, 5, 6);
    await settled();
    const sizes: number[] = [];
    while (on.held.pending.length > 0) sizes.push((await on.held.finish()).requests.length);
    expect(sizes).toEqual([3, 3, 1]);
    expect(on.answers.given).toHaveLength(7);
  });

  test("an answer that asks again at once is served by the next group", async () => {
    const on = await stage();
    on.host.activate(octetsOf(0), PEER, () => ask(on, 1));
    await settled();
    await on.held.finish();
    await settled();
    await on.held.finish();
    expect(on.answers.labels).toEqual(["machine 1"]);
  });
});

describe("limits", () => {
  test("a full queue refuses with 0x800700AA and loses nothing that it took", async () => {
    const on = await stage({}, { limits: { waiting: 2, group: 256 } });
    ask(on, 0, 1, 2);
    expect(on.answers.given.map(({ label, answer }) => [label, answer.hresult])).toEqual([
      ["machine 2", HRESULT.busy],
    ]);
    await settled();
    await on.held.finish();
    expect(on.answers.labels).toEqual(["machine 2", "machine 0", "machine 1"]);
    expect(on.host.snapshot().refusedBusy).toBe(1);
  });
});

describe("HOST-2: the reply", () => {
  test("says count, intervals and time, signed for this request and no other", async () => {
    const on = await stage();
    const octets = octetsOf(0);
    on.host.activate(octets, PEER, on.answers.to("one"));
    await settled();
    await on.held.finish();
    const reply = on.answers.given[0]?.answer.octets ?? new Uint8Array();
    const decoded = decodeReply(reply);
    if (!decoded.ok) throw new Error("no reply");
    expect(decoded.value.reply).toEqual({
      selfIssued: true,
      count: 1,
      activationIntervalMinutes: 120,
      renewalIntervalMinutes: 10_080,
      hostTime: NOW,
      hostId: SETTINGS.identity.hostId,
    });
    const { signature } = decoded.value;
    const signedFor = (request: Uint8Array) =>
      verifySignature(KEY.publicKey, signedMessage(reply, request, sha256), signature);
    expect(signedFor(octets)).toBe(true);
    expect(signedFor(octetsOf(1))).toBe(false);
  });
});

describe("refusals are stored like any other request (EVENT-1)", () => {
  const table = [
    ["HOST-7: an unlicensed host", { standing: { kind: "unlicensed" } }, "hostNotActivated"],
    ["HOST-12: a draining host", { draining: true }, "busy"],
  ] as const;
  test.each(table)("%s", async (_name, changes, expected) => {
    const on = await stage(changes);
    ask(on, 0);
    await settled();
    const { requests, effect } = await on.held.finish();
    expect(on.answers.results).toEqual([HRESULT[expected]]);
    expect(on.answers.given[0]?.answer.octets).toBeUndefined();
    expect(requests[0]?.event.hresult).toBe(HRESULT[expected]);
    expect(effect?.figures).toMatchObject({ total: 1, failed: 1 });
  });

  test("octets that are no request: 0x8007000D, with the place and the reason", async () => {
    const on = await stage();
    on.host.activate(octetsOf(0).subarray(0, 50), PEER, on.answers.to("short"));
    on.host.activate(new Uint8Array(), PEER, on.answers.to("empty"));
    await settled();
    const { requests } = await on.held.finish();
    expect(on.answers.results).toEqual([HRESULT.malformedRequest, HRESULT.malformedRequest]);
    expect(requests.map(({ event }) => event.detail)).toEqual([
      "tooShort: request at octet 50",
      "tooShort: version at octet 0",
    ]);
  });
});

describe("Probe", () => {
  test("answers as Activate would, and nothing is counted, cached, logged or stored", async () => {
    const on = await stage();
    ask(on, 0);
    await settled();
    await on.held.finish();
    const probe = on.host.probe(octetsOf(1), PEER);
    expect(probe.hresult).toBe(HRESULT.success);
    expect(countIn(probe.octets)).toBe(1);
    await settled();
    expect(on.held.pending).toEqual([]);
    expect(on.host.snapshot().figures.total).toBe(1);
  });

  test("says what is wrong: the request, the product, the store", async () => {
    const on = await stage();
    const unknown = octetsOf(0, CLIENT_PRODUCT, { activationId: cmid(5) });
    expect(on.host.probe(new Uint8Array(3), PEER).hresult).toBe(HRESULT.malformedRequest);
    expect(on.host.probe(unknown, PEER).hresult).toBe(HRESULT.productNotServed);
    on.held.become({ state: "failed", since: 0, ...FULL });
    expect(on.host.probe(octetsOf(0), PEER).hresult).toBe(HRESULT.storeFull);
  });
});

test("the licence chain is handed out as it is; without one the service is not enabled", async () => {
  const { host } = await stage();
  expect(host.hostLicence()).toEqual({ hresult: 0, octets: new Uint8Array([1, 2, 3]) });
  const identity = { ...SETTINGS.identity, licenceChain: undefined };
  const { host: bare } = await stage({ identity });
  expect(bare.hostLicence()).toEqual({ hresult: HRESULT.serviceNotEnabled, octets: undefined });
});

describe("STORE-6: while the store has failed", () => {
  test("requests are refused at once with its error, those that wait too", async () => {
    const on = await stage();
    ask(on, 0);
    await settled();
    ask(on, 1);
    on.held.become({ state: "failed", since: 0, ...FULL });
    expect(on.answers.labels).toEqual(["machine 1"]);
    ask(on, 2);
    await on.held.finish(fail(FULL));
    expect(on.answers.labels).toEqual(["machine 1", "machine 2", "machine 0"]);
    expect(new Set(on.answers.results)).toEqual(new Set([HRESULT.storeFull]));
    expect(on.held.pending).toEqual([]);
    expect(on.host.snapshot().refusedByStore).toBe(2);
  });

  test("when it is back, the host counts on from what is stored", async () => {
    const on = await stage();
    on.held.become({ state: "failed", since: 0, ...FULL });
    const records = [{ cmid: cmid(8), sequence: 4, time: NOW, virtual: false }];
    const { applicationId } = CLIENT_PRODUCT;
    const application = { applicationId, largestRequiredCount: 25, records };
    on.held.saved = { ...EMPTY_SAVED_STATE, applications: [application] };
    on.held.become({ state: "ok" });
    expect(on.host.snapshot().state).toBe("loading");
    ask(on, 0);
    await settled();
    await settled();
    expect(on.host.snapshot().state).toBe("serving");
    const { requests } = await on.held.finish();
    expect(requests[0]).toMatchObject({ recordSequence: 5, event: { count: 2 } });
  });

  test("a host that starts on a failed store serves once it is back", async () => {
    const held = new HeldStore();
    held.become({ state: "failed", since: 0, ...failureOf("readOnly", "read-only") });
    const options = { store: held.store, settings: () => SETTINGS, clock: () => NOW };
    const on = { host: await createActivationHost(options), held, answers: new Answers() };
    ask(on, 0);
    expect(on.answers.results).toEqual([HRESULT.storeReadOnly]);
    expect(held.loads).toBe(0);
    held.become({ state: "ok" });
    ask(on, 1);
    await settled();
    await settled();
    await held.finish();
    expect(on.answers.results).toEqual([HRESULT.storeReadOnly, HRESULT.success]);
  });
});

describe("COUNT-12: reset", () => {
  test("is stored alone, in its place among the requests, with its event", async () => {
    const on = await stage();
    ask(on, 0, 1);
    const reset = on.host.resetCount();
    ask(on, 2);
    await settled();
    await on.held.finish();
    const group = await on.held.finish();
    expect(group).toMatchObject({ requests: [], resets: [CLIENT_PRODUCT.applicationId] });
    expect(group.general.map((event) => event.code)).toEqual([13_000]);
    expect(await reset).toEqual({ ok: true, value: [CLIENT_PRODUCT.applicationId] });
    await on.held.finish();
    const counts = on.answers.given.map(({ answer }) => countIn(answer.octets));
    expect(counts).toEqual([1, 2, 1]);
  });

  test("that cannot be stored leaves the count as it was", async () => {
    const on = await stage();
    ask(on, 0, 1);
    await settled();
    await on.held.finish();
    const reset = on.host.resetCount();
    await settled();
    await on.held.finish(fail(FULL));
    expect(await reset).toMatchObject({ ok: false, error: FULL });
    expect(on.host.snapshot().applications[0]?.count).toBe(2);
    expect(await on.host.resetCount()).toMatchObject({ ok: false, error: { reason: "full" } });
  });
});

describe("RELAY-4: observations", () => {
  const state = new ActivationState(EMPTY_SAVED_STATE, SETTINGS.policy, NOW);
  const context = { now: NOW, peerAddress: PEER };
  const { effect } = decideUnreadable("version 6.0, 260 octets", state, context);
  const observed = { ...effect, source: "observed" as const };

  test("are stored with the requests, and count nowhere", async () => {
    const on = await stage();
    expect(on.host.observe(observed)).toBe(true);
    ask(on, 0);
    await settled();
    const group = await on.held.finish();
    expect(group.requests.map(({ source }) => source)).toEqual(["observed", "own"]);
    expect(group.effect?.figures.total).toBe(1);
  });

  test("are dropped, and counted as dropped, where there is no room", async () => {
    const on = await stage({}, { limits: { waiting: 1, group: 256 } });
    ask(on, 0);
    expect(on.host.observe(observed)).toBe(false);
    expect(on.host.snapshot().observationsLost).toBe(1);
  });
});

describe("stopping", () => {
  test("answers what waits and refuses what comes", async () => {
    const on = await stage();
    ask(on, 0);
    const stopped = on.host.stop();
    ask(on, 1);
    expect(on.answers.results).toEqual([HRESULT.busy]);
    await settled();
    await on.held.finish();
    await stopped;
    expect(on.answers.labels).toEqual(["machine 1", "machine 0"]);
  });

  test("waits for the group under way and the one behind it", async () => {
    const on = await stage();
    ask(on, 0);
    await settled();
    ask(on, 1);
    const stopped = on.host.stop();
    await on.held.finish();
    await on.held.finish();
    await stopped;
    expect(on.answers.labels).toEqual(["machine 0", "machine 1"]);
  });
});

test("settings that change are followed without a restart", async () => {
  let draining = false;
  const held = new HeldStore();
  const settings = () => ({ ...SETTINGS, draining });
  const host = await createActivationHost({ store: held.store, settings, clock: () => NOW });
  const on = { host, held, answers: new Answers() };
  ask(on, 0);
  await settled();
  await held.finish();
  draining = true;
  ask(on, 1);
  await settled();
  await held.finish();
  expect(on.answers.results).toEqual([HRESULT.success, HRESULT.busy]);
  expect(host.snapshot().draining).toBe(true);
});
