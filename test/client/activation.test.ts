import { describe, expect, test } from "bun:test";
import { ATTEMPTS_MAXIMUM } from "../../src/client/activation.ts";
import { STATE } from "../../src/client/licence-record.ts";
import { fail } from "../../src/platform/result.ts";
import { authorityNamed, FakeHost, NOW } from "./fake-host.ts";
import { Harness, PRODUCT } from "./harness.ts";

const DAY = 86_400_000;
const LAB = authorityNamed("lab authority", true);

describe("COUNT-2: the client applies its own threshold", () => {
  const cases: readonly [count: number, threshold: number, activated: boolean][] = [
    [24, 25, false],
    [25, 25, true],
    [50, 25, true],
    [4, 5, false],
    [5, 5, true],
    [0, 1, false],
  ];
  for (const [count, threshold, activated] of cases) {
    test(`count ${count}, threshold ${threshold}: ${activated}`, async () => {
      const host = new FakeHost(LAB);
      host.count = count;
      const harness = new Harness({ kms: host }, { product: { ...PRODUCT, threshold } });
      const { outcome, state } = await harness.run();
      expect(outcome).toMatchObject({
        activated,
        count,
        threshold,
        outcome: activated ? "activated" : "countTooLow",
        result: activated ? "0x00000000" : "0xc004f038",
        server: "kms:1688",
      });
      expect(host.requests[0]?.requiredCount).toBe(threshold);
      expect(state.licence.state).toBe(activated ? STATE.licensed : STATE.initialGrace);
      expect(host.closed).toBe(1);
    });
  }

  test("how many are missing is said", async () => {
    const host = new FakeHost(LAB);
    host.count = 24;
    const { outcome } = await new Harness({ kms: host }).run();
    expect(outcome.help).toContain("1 more client must ask");
  });
});

describe("CLIENT-3: what an activation does to the state", () => {
  test("licensed for 180 days, renewed in 7, and each renewal begins anew", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) });
    await harness.run();
    expect(harness.state.licence).toEqual({ state: STATE.licensed, expiresAt: NOW + 180 * DAY });
    expect(harness.state.nextAttemptAt).toBe(NOW + 7 * DAY);
    harness.now = NOW + 7 * DAY;
    const { outcome } = await harness.run();
    expect(outcome.expiresAt).toBe(new Date(NOW + 187 * DAY).toISOString());
    expect(harness.hosts["kms"]?.requests[1]).toMatchObject({
      licenceState: STATE.licensed,
      minutesToExpiration: 173 * 1440,
    });
  });

  test("a client that never renewed asks out of tolerance, then in notification", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) });
    await harness.run();
    const host = harness.hosts["kms"] as FakeHost;
    host.count = 1;
    harness.now = NOW + 181 * DAY;
    await harness.run();
    expect(host.requests.at(-1)?.licenceState).toBe(STATE.outOfTolerance);
    expect(harness.state.nextAttemptAt).toBe(harness.now + 2 * 3_600_000);
    harness.now = NOW + 211 * DAY;
    await harness.run();
    expect(host.requests.at(-1)).toMatchObject({
      licenceState: STATE.notification,
      minutesToExpiration: 0,
    });
    host.count = 25;
    await harness.run();
    expect(harness.state.licence.state).toBe(STATE.licensed);
  });

  test("time goes on though no host answers", async () => {
    const harness = new Harness({});
    harness.now = NOW + 31 * DAY;
    await harness.run();
    expect(harness.state.licence).toEqual({ state: STATE.notification, expiresAt: null });
  });

  test("CLIENT-5: the host's intervals override the client's, within bounds", async () => {
    const host = new FakeHost(LAB);
    host.activationIntervalMinutes = 15;
    host.renewalIntervalMinutes = 0;
    const harness = new Harness({ kms: host });
    const { outcome } = await harness.run();
    expect(outcome).toMatchObject({ activationIntervalMinutes: 15, renewalIntervalMinutes: 1 });
    delete harness.hosts["kms"];
    await harness.run();
    expect(harness.state.nextAttemptAt).toBe(NOW + 15 * 60_000);
  });
});

describe("the request", () => {
  test("says who asks, and draws a nonce of its own each time", async () => {
    const host = new FakeHost(LAB);
    const harness = new Harness({ kms: host });
    await harness.run({ name: "VM-7", virtual: true });
    await harness.run();
    const [first, second] = host.requests;
    expect(first).toMatchObject({
      virtual: true,
      machineName: "VM-7",
      cmid: harness.state.cmid,
      applicationId: PRODUCT.applicationId,
      activationId: PRODUCT.activationId,
      licenceState: STATE.initialGrace,
      minutesToExpiration: 30 * 1440,
      clientTime: NOW,
    });
    expect(second?.nonce).not.toEqual(first?.nonce);
  });
});

describe("CLIENT-1: discovery over several hosts", () => {
  test("a host that does not answer leaves the list; the next one is cached and used", async () => {
    const harness = new Harness({ second: new FakeHost(LAB) });
    harness.names = ["first", "second"];
    const { outcome } = await harness.run();
    expect(outcome.server).toBe("second:1688");
    expect(outcome.attempts.map(({ outcome }) => outcome)).toEqual(["unreachable", "activated"]);
    await harness.run();
    expect(harness.asked).toEqual(["first", "second", "second"]);
    expect(harness.lookups).toBe(1);
  });

  test("when the cached host fails, DNS is asked again", async () => {
    const harness = new Harness({ old: new FakeHost(LAB) });
    await harness.run();
    delete harness.hosts["old"];
    harness.hosts["young"] = new FakeHost(LAB);
    harness.names = ["old", "young"];
    expect((await harness.run()).outcome).toMatchObject({ activated: true, server: "young:1688" });
    expect(harness.asked).toEqual(["old", "old", "young"]);
    expect(harness.state.cachedHost).toEqual({ host: "young", port: 1688 });
  });

  test("CLIENT-2: without host caching DNS is asked each time", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) }, { hostCaching: false });
    await harness.run();
    await harness.run();
    expect(harness.lookups).toBe(2);
    expect(harness.state.cachedHost).toBeNull();
  });

  test("a host that refuses, or is not trusted, leaves the list too", async () => {
    const refusing = new FakeHost(LAB);
    refusing.refusal = 0x800700aa;
    const rogue = new FakeHost(authorityNamed("rogue", true));
    const harness = new Harness({ refusing, rogue, good: new FakeHost(LAB) });
    harness.state = {
      ...harness.state,
      trustedAuthorityKey: LAB.certificate.publicKey.toHex(),
    };
    const { outcome } = await harness.run();
    expect(outcome.attempts.map(({ outcome }) => outcome)).toEqual([
      "refused",
      "notTrusted",
      "activated",
    ]);
  });

  test("a low count is an answer: no other host is asked", async () => {
    const low = new FakeHost(LAB);
    low.count = 1;
    const harness = new Harness({ low, other: new FakeHost(LAB) });
    expect((await harness.run()).outcome.outcome).toBe("countTooLow");
    expect(harness.asked).toEqual(["low"]);
    expect(harness.state.cachedHost?.host).toBe("low");
  });

  test("a zone full of dead records does not keep a client forever", async () => {
    const harness = new Harness({});
    harness.names = Array.from({ length: 100 }, (_, index) => `dead-${index}`);
    const { outcome } = await harness.run();
    expect(harness.asked).toHaveLength(ATTEMPTS_MAXIMUM);
    expect(outcome.result).toBe("0xc004f074");
  });
});

describe("what a run without an answer comes to", () => {
  test("nobody answers: 0xc004f074", async () => {
    const harness = new Harness({});
    harness.names = ["dead"];
    const { outcome } = await harness.run();
    expect(outcome).toMatchObject({
      activated: false,
      outcome: "unreachable",
      result: "0xc004f074",
      server: "dead:1688",
      count: null,
      hostId: null,
    });
    expect(outcome.reason).toContain("ECONNREFUSED");
    expect(outcome.help).not.toBe("");
  });

  const lookups = [
    ["noSuchName", "0x8007232b"],
    ["noRecords", "0x8007251d"],
    ["failure", "0x8007232a"],
  ] as const;
  for (const [kind, result] of lookups) {
    test(`DNS gives no host (${kind}): ${result}`, async () => {
      const harness = new Harness({});
      harness.lookupFailure = { kind, detail: "why" };
      const { outcome } = await harness.run();
      expect(outcome).toMatchObject({ outcome: "unreachable", result, server: null });
      expect(outcome.reason).toContain("why");
    });
  }

  test("an empty answer of DNS: 0xc004f074", async () => {
    const { outcome } = await new Harness({}).run();
    expect(outcome).toMatchObject({ outcome: "unreachable", result: "0xc004f074", server: null });
  });

  const refusals: readonly [number, string][] = [
    [0xc004f042, "cannot serve this product"],
    [0xc004f041, "not activated itself"],
    [0xc004f039, "not enabled"],
    [0xc004f06c, "clocks"],
    [0x80070070, "disk is full"],
    [0x800700aa, "draining"],
    [0x8007ffff, "0x8007ffff"],
  ];
  for (const [hresult, words] of refusals) {
    test(`refused with 0x${hresult.toString(16)}: ${words}`, async () => {
      const host = new FakeHost(LAB);
      host.refusal = hresult;
      const harness = new Harness({ kms: host });
      const { outcome, state } = await harness.run();
      expect(outcome.outcome).toBe("refused");
      expect(outcome.result).toBe(`0x${hresult.toString(16)}`);
      expect(outcome.reason).toContain(words);
      expect(outcome.help).not.toBe("");
      expect(state.cachedHost).toBeNull();
      expect(state.trustedAuthorityKey).toBeNull();
    });
  }

  test("a refusal decides before distrust, distrust before silence", async () => {
    const refusing = new FakeHost(LAB);
    refusing.refusal = 0xc004f042;
    const forging = new FakeHost(LAB);
    forging.changeReply = (reply) => ({ ...reply, hostId: new Uint8Array(16) });
    const harness = new Harness({ forging, refusing });
    harness.names = ["forging", "refusing", "dead"];
    expect((await harness.run()).outcome).toMatchObject({
      outcome: "refused",
      server: "refusing:1688",
    });
    harness.names = ["dead", "forging", "dead-too"];
    expect((await harness.run()).outcome).toMatchObject({
      outcome: "notTrusted",
      server: "forging:1688",
    });
  });

  test("a host that breaks off, or faults, did not answer", async () => {
    const host = new FakeHost(LAB);
    const harness = new Harness({ kms: host });
    host.interfere = () => fail({ kind: "closed", by: "server" });
    expect((await harness.run()).outcome.outcome).toBe("unreachable");
    host.interfere = () => ({
      ok: true,
      value: { kind: "fault", status: 0x1c010002, didNotExecute: true },
    });
    const { outcome } = await harness.run();
    expect(outcome.outcome).toBe("unreachable");
    expect(outcome.reason).toContain("0x1c010002");
    expect(host.closed).toBe(2);
  });
});

describe("EVENT-2: the client's log", () => {
  test("12288 and 12289 for an answer", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) });
    await harness.run();
    expect(harness.events).toMatchObject([
      { code: 12288, hresult: 0, server: { host: "kms" }, cmid: harness.state.cmid, detail: "" },
      { code: 12289, hresult: 0, activated: true, count: 25, renewalIntervalMinutes: 10_080 },
    ]);
  });

  test("12289 says that the count is too low", async () => {
    const host = new FakeHost(LAB);
    host.count = 3;
    const harness = new Harness({ kms: host });
    await harness.run();
    expect(harness.events[1]).toMatchObject({ hresult: 0xc004f038, activated: false, count: 3 });
  });

  test("a 12288 alone where nobody answers", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) });
    harness.names = ["dead", "kms"];
    await harness.run();
    expect(harness.events.map(({ code }) => code)).toEqual([12288, 12288, 12289]);
    expect(harness.events[0]).toMatchObject({ hresult: 0x800706ba });
  });

  test("a 12288 alone where the connection is lost after the request", async () => {
    const host = new FakeHost(LAB);
    host.interfere = () => fail({ kind: "timeout", during: "call" });
    const harness = new Harness({ kms: host });
    await harness.run();
    expect(harness.events).toMatchObject([{ code: 12288, hresult: 0 }]);
  });

  test("CLIENT-7: 12289 says why a reply is not trusted", async () => {
    const host = new FakeHost(LAB);
    host.tamper = (octets) => octets.with(4, 99);
    const harness = new Harness({ kms: host });
    await harness.run();
    expect(harness.events[1]).toMatchObject({ code: 12289, activated: false, hresult: 0x80090006 });
    expect(harness.events[1]?.detail).toContain("signature");
  });
});
