import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatExtendedPid } from "../../src/authority/extended-pid.ts";
import { hostIdentityOf } from "../../src/authority/identity.ts";
import { installationIdOf, mistypedGroup } from "../../src/authority/installation-id.ts";
import { createAuthority, issueHostLicence, type LicenceOrder } from "../../src/authority/issue.ts";
import { selfIssue } from "../../src/authority/self-issue.ts";
import { sha256 } from "../../src/platform/hash.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { signingKeyFromSeed, verifySignature } from "../../src/platform/signature.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const SEED = new Uint8Array(32).fill(1);
const KEY = signingKeyFromSeed(SEED);
const MACHINE = new Uint8Array([1, 2, 3]);

const authority = createAuthority(
  { name: "Example", selfIssued: false, validFrom: NOW, validUntil: NOW + 1000 * DAY_MS },
  systemRandomBytes,
);

function chain(order: Partial<LicenceOrder> = {}): Uint8Array {
  const whole: LicenceOrder = {
    hostPublicKey: KEY.publicKey,
    installationId: installationIdOf(KEY.publicKey, MACHINE, sha256),
    group: "serverA",
    partialProductKey: "ABCDE",
    issuedAt: NOW,
    validFrom: NOW,
    validUntil: NOW + 100 * DAY_MS,
    ...order,
  };
  return issueHostLicence(authority, whole, systemRandomBytes, sha256);
}

const identity = (chainBytes: Uint8Array, machineId = MACHINE) =>
  hostIdentityOf(SEED, chainBytes, machineId, sha256, verifySignature);

function statusAt(now: number, machineId = MACHINE): string {
  const made = identity(chain(), machineId);
  if (!made.ok) return made.error.code;
  const status = made.value.licenceStatusAt(now);
  return status.licensed ? "licensed" : status.reason;
}

describe("HOST-5, HOST-7: a host with an operator's licence", () => {
  test("says what the licence says", () => {
    const made = identity(chain());
    if (!made.ok) throw new Error(made.error.code);
    expect(made.value).toMatchObject({
      group: "serverA",
      selfIssued: false,
      partialProductKey: "ABCDE",
      authorityName: "Example",
      description: "muster volume activation, VOLUME_KMS_A channel",
    });
    expect(made.value.extendedPid).toMatch(/^MUSTR-00001-\d{3}-\d{6}-03-1033-0001\.0000-0012026$/);
  });

  test("is licensed within the licence's time only", () => {
    expect(statusAt(NOW - 1)).toBe("certificateNotYetValid");
    expect(statusAt(NOW)).toBe("licensed");
    expect(statusAt(NOW + 100 * DAY_MS - 1)).toBe("licensed");
    expect(statusAt(NOW + 100 * DAY_MS)).toBe("licenceExpired");
  });

  test("TRUST-2: is not licensed on another machine", () => {
    expect(statusAt(NOW, new Uint8Array([1, 2, 4]))).toBe("otherMachine");
    expect(statusAt(NOW, new Uint8Array())).toBe("otherMachine");
  });

  test("TRUST-2: takes no licence of another key, and no damaged one", () => {
    const { publicKey } = signingKeyFromSeed(new Uint8Array(32).fill(2));
    expect(identity(chain({ hostPublicKey: publicKey }))).toEqual({
      ok: false,
      error: { code: "otherHostKey" },
    });
    const damaged = chain();
    damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
    expect(identity(damaged)).toMatchObject({ ok: false, error: { code: "chain" } });
  });

  test("TRUST-3: two boxes that license themselves share nothing", () => {
    const one = selfIssue("serverC", NOW, systemRandomBytes, sha256);
    const other = selfIssue("serverC", NOW, systemRandomBytes, sha256);
    expect(one.hostSeed).not.toEqual(other.hostSeed);
    expect(one.authority.seed).not.toEqual(other.authority.seed);
    expect(one.authority.seed).not.toEqual(one.hostSeed);
  });
});

describe("HOST-9: installation ids", () => {
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });

  test("are 54 digits that differ by key and by machine", () => {
    fc.assert(
      fc.property(keys, fc.uint8Array({ minLength: 1, maxLength: 40 }), (key, machineId) => {
        const id = installationIdOf(key, machineId, sha256);
        expect(id).toMatch(/^\d{54}$/);
        expect(mistypedGroup(id)).toBeUndefined();
        expect(installationIdOf(key, new Uint8Array(), sha256)).not.toBe(id);
      }),
    );
  });

  const id = installationIdOf(KEY.publicKey, MACHINE, sha256);

  test("TRUST-1: any wrong digit is found, in its group", () => {
    for (let at = 0; at < id.length; at += 1) {
      for (let digit = 0; digit < 10; digit += 1) {
        if (String(digit) === id[at]) continue;
        const typed = `${id.slice(0, at)}${digit}${id.slice(at + 1)}`;
        expect(mistypedGroup(typed)).toBe(Math.floor(at / 6) + 1);
      }
    }
  });

  test("TRUST-1: swapped neighbours within a group are found", () => {
    fc.assert(
      fc.property(keys, fc.nat(52), (key, at) => {
        const digits = [...installationIdOf(key, MACHINE, sha256)];
        const [first, second] = [digits[at] as string, digits[at + 1] as string];
        fc.pre(first !== second && at % 6 !== 5);
        digits.splice(at, 2, second, first);
        expect(mistypedGroup(digits.join(""))).toBe(Math.floor(at / 6) + 1);
      }),
    );
  });

  test("TRUST-1: swapped groups are found", () => {
    const groups = id.match(/.{6}/g) ?? [];
    const [first = "", second = "", ...others] = groups;
    expect(mistypedGroup([second, first, ...others].join("-"))).toBe(1);
  });

  test("may be typed in groups, and must be whole", () => {
    expect(mistypedGroup(id.replaceAll(/(.{6})/g, "$1 "))).toBeUndefined();
    expect(mistypedGroup(id.slice(1))).toBe(0);
    expect(mistypedGroup(`${id.slice(1)}x`)).toBe(0);
  });
});

test("HOST-9: the extended PID's date is the day of the year in UTC", () => {
  const serial = "ffffffff-0000-4000-8000-000000000000";
  const of = (issuedAt: number) => formatExtendedPid("clientVolume", serial, true, issuedAt);
  expect(of(Date.UTC(2024, 11, 31, 23, 59))).toBe(
    "MUSTR-00000-294-967295-04-1033-0001.0000-3662024",
  );
  expect(of(0)).toBe("MUSTR-00000-294-967295-04-1033-0001.0000-0011970");
});
