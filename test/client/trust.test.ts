import { describe, expect, test } from "bun:test";
import { KEPT_LICENCES_MAXIMUM } from "../../src/client/state.ts";
import { OPNUM } from "../../src/protocol/interface.ts";
import { encodeErrorStub, encodeOutStub } from "../../src/protocol/stub.ts";
import type { RpcOutcome } from "../../src/rpc/interface.ts";
import { authorityNamed, FakeHost, NOW } from "./fake-host.ts";
import { Harness, PRODUCT } from "./harness.ts";

const DAY = 86_400_000;
const LAB = authorityNamed("lab authority", true);
const OPERATOR = authorityNamed("operator");
const pinned = (authority = LAB) => ({
  trustedAuthorityKey: authority.certificate.publicKey.toHex(),
});

/** A run that must end in distrust, with this reason; the client's trust must be as before. */
async function expectDistrust(harness: Harness, words: string, result?: string): Promise<void> {
  const before = harness.state;
  const { outcome, state } = await harness.run();
  expect(outcome).toMatchObject({ activated: false, outcome: "notTrusted", count: null });
  expect(outcome.reason).toContain(words);
  expect(outcome.help).not.toBe("");
  if (result !== undefined) expect(outcome.result).toBe(result);
  expect(state).toEqual({ ...before, nextAttemptAt: state.nextAttemptAt });
}

describe("CLIENT-7: the authority", () => {
  test("is pinned when it is first met", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) });
    await harness.run();
    expect(harness.state.trustedAuthorityKey).toBe(LAB.certificate.publicKey.toHex());
    expect((await harness.run()).outcome.activated).toBe(true);
  });

  test("another one is not trusted after that", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) });
    await harness.run();
    harness.hosts["kms"] = new FakeHost(authorityNamed("rogue", true));
    await expectDistrust(harness, "another authority", "0x800b0109");
  });

  test("that was given is the only one trusted, also at first use", async () => {
    const harness = new Harness({ kms: new FakeHost(LAB) }, pinned(OPERATOR));
    await expectDistrust(harness, "another authority");
    harness.hosts["kms"] = new FakeHost(OPERATOR);
    expect((await harness.run()).outcome).toMatchObject({ activated: true, selfIssued: false });
  });

  test("a host of another box of the same operator is trusted", async () => {
    const harness = new Harness({ one: new FakeHost(OPERATOR) });
    await harness.run();
    harness.hosts["one"] = new FakeHost(OPERATOR);
    expect((await harness.run()).outcome.activated).toBe(true);
  });

  test("TRUST-3: self-issued is said", async () => {
    const { outcome } = await new Harness({ kms: new FakeHost(LAB) }).run();
    expect(outcome).toMatchObject({ selfIssued: true, authority: "lab authority" });
  });
});

describe("CLIENT-7: the licence", () => {
  test("is fetched once for each host", async () => {
    const [one, other] = [new FakeHost(LAB), new FakeHost(LAB)];
    const harness = new Harness({ one, other }, { hostCaching: false });
    for (const names of [["one"], ["one"], ["other"], ["one"], ["other"]]) {
      harness.names = names;
      expect((await harness.run()).outcome.activated).toBe(true);
    }
    expect([one.licenceCalls, other.licenceCalls]).toEqual([1, 1]);
  });

  test("is fetched again when the one kept has expired and was renewed", async () => {
    const validity = { validFrom: NOW - DAY, validUntil: NOW + DAY };
    const host = new FakeHost(OPERATOR, { validity });
    const harness = new Harness({ kms: host });
    await harness.run();
    harness.now = NOW + 2 * DAY;
    await expectDistrust(harness, "has expired", "0x800b0101");
    host.chain = host.licenceFrom(OPERATOR);
    expect((await harness.run()).outcome.activated).toBe(true);
    expect(host.licenceCalls).toBe(3);
    expect(harness.state.licences).toHaveLength(1);
  });

  test("that is not valid yet is not trusted", async () => {
    const validity = { validFrom: NOW + 1, validUntil: NOW + DAY };
    const harness = new Harness({ kms: new FakeHost(OPERATOR, { validity }) });
    await expectDistrust(harness, "not valid yet");
  });

  test("of another host does not help", async () => {
    const host = new FakeHost(LAB);
    host.chain = new FakeHost(LAB).chain;
    const harness = new Harness({ kms: host }, pinned());
    await expectDistrust(harness, "another host", "0x800b010f");
  });

  test("that was tampered with does not help, whichever bit it is", async () => {
    const host = new FakeHost(LAB);
    const genuine = host.chain;
    const harness = new Harness({ kms: host }, pinned());
    for (let octet = 0; octet < genuine.length; octet += 1) {
      host.chain = genuine.with(octet, (genuine[octet] as number) ^ (1 << (octet & 7)));
      expect((await harness.run()).outcome.outcome).toBe("notTrusted");
    }
    host.chain = genuine;
    expect((await harness.run()).outcome.outcome).toBe("activated");
  });

  test("HOST-6: of a group below the product's is not trusted for it", async () => {
    const harness = new Harness(
      { kms: new FakeHost(LAB, { group: "serverA" }) },
      { product: { ...PRODUCT, group: "serverB" } },
    );
    await expectDistrust(harness, "does not cover", "0x800b0106");
    harness.state = { ...harness.state, product: { ...PRODUCT, group: "serverA" } };
    expect((await harness.run()).outcome.activated).toBe(true);
  });

  test("that the host does not give leaves it untrusted", async () => {
    const host = new FakeHost(LAB);
    host.interfere = (opnum, answer) =>
      opnum === OPNUM.getHostLicence ? response(encodeErrorStub(0xc004f039)) : answer;
    await expectDistrust(new Harness({ kms: host }), "no licence");
    host.interfere = (opnum, answer) =>
      opnum === OPNUM.getHostLicence ? { ok: false, error: CLOSED } : answer;
    await expectDistrust(new Harness({ kms: host }), "no licence");
  });

  test("no more of them are kept than there is room for", async () => {
    const harness = new Harness({}, { hostCaching: false });
    for (let index = 0; index < KEPT_LICENCES_MAXIMUM + 3; index += 1) {
      harness.hosts["kms"] = new FakeHost(LAB);
      harness.names = ["kms"];
      await harness.run();
    }
    expect(harness.state.licences).toHaveLength(KEPT_LICENCES_MAXIMUM);
    expect(harness.state.licences.at(-1)?.hostId).toBe(harness.state.lastReply?.hostId as string);
  });
});

describe("CLIENT-7: the reply", () => {
  test("no flipped bit of it is trusted", async () => {
    const host = new FakeHost(LAB);
    const harness = new Harness({ kms: host });
    await harness.run();
    for (let bit = 0; bit < 104 * 8; bit += 1) {
      const octet = bit >> 3;
      host.tamper = (octets) => octets.with(octet, (octets[octet] as number) ^ (1 << (bit & 7)));
      const { outcome } = await harness.run();
      expect([bit, outcome.outcome]).toEqual([bit, "notTrusted"]);
    }
  });

  test("replayed from an earlier request is not trusted", async () => {
    const host = new FakeHost(LAB);
    const harness = new Harness({ kms: host });
    let recorded = new Uint8Array();
    host.tamper = (octets) => {
      recorded = octets.slice();
      return octets;
    };
    await harness.run();
    host.tamper = () => recorded;
    await expectDistrust(harness, "signature", "0x80090006");
  });

  test("signed by a key that the licence does not name is not trusted", async () => {
    const host = new FakeHost(LAB);
    const harness = new Harness({ kms: host });
    await harness.run();
    const impostor = new FakeHost(LAB);
    const hostId = Uint8Array.fromHex(harness.state.lastReply?.hostId ?? "");
    impostor.changeReply = (reply) => ({ ...reply, hostId });
    impostor.chain = host.chain;
    harness.hosts["kms"] = impostor;
    await expectDistrust(harness, "signature", "0x80090006");
  });

  test("that claims another kind of authority is not trusted", async () => {
    const host = new FakeHost(LAB);
    host.changeReply = (reply) => ({ ...reply, selfIssued: false });
    await expectDistrust(new Harness({ kms: host }), "disagree");
  });

  const answers: readonly [string, Uint8Array][] = [
    ["cut short", encodeOutStub(new Uint8Array(103).fill(1))],
    ["empty", encodeOutStub(new Uint8Array())],
    ["success without octets", encodeErrorStub(0)],
    ["no NDR", new Uint8Array([1, 2, 3])],
    ["far too long", encodeOutStub(new Uint8Array(5000))],
  ];
  for (const [name, stub] of answers) {
    test(`that is ${name} is not trusted`, async () => {
      const host = new FakeHost(LAB);
      host.interfere = () => response(stub);
      await expectDistrust(new Harness({ kms: host }), "cannot be read", "0x8007000d");
    });
  }

  test("is trusted whatever the host's clock says, and the difference is told", async () => {
    const host = new FakeHost(LAB);
    host.hostTime = NOW - 90_000;
    const { outcome } = await new Harness({ kms: host }).run();
    expect(outcome).toMatchObject({ activated: true, clockDifferenceSeconds: -90 });
  });
});

const CLOSED = { kind: "closed", by: "server" } as const;

function response(stub: Uint8Array): { readonly ok: true; readonly value: RpcOutcome } {
  return { ok: true, value: { kind: "response", stub } };
}
