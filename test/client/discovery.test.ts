import { describe, expect, test } from "bun:test";
import { hostsToTry, type LookupFailure } from "../../src/client/discovery.ts";
import {
  formatHostAddress,
  type HostAddress,
  parseHostAddress,
} from "../../src/client/host-address.ts";
import { fail, ok } from "../../src/platform/result.ts";

const A: HostAddress = { host: "a.lab.test", port: 1688 };
const B: HostAddress = { host: "b.lab.test", port: 1688 };
const NAMES = [A, B];

/** Every host that would be tried if none answered, how often DNS was asked, and how it ended. */
async function walk(options: {
  fixedHost?: HostAddress;
  cachedHost?: HostAddress;
  failure?: LookupFailure;
  stopAfter?: number;
}) {
  let lookups = 0;
  const hosts = hostsToTry({
    fixedHost: options.fixedHost,
    cachedHost: options.cachedHost,
    lookupHosts: async () => {
      lookups += 1;
      return options.failure === undefined ? ok(NAMES) : fail(options.failure);
    },
  });
  const tried: string[] = [];
  for (;;) {
    const next = await hosts.next();
    if (next.done === true) return { tried, lookups, failure: next.value };
    tried.push(next.value.host);
    if (tried.length === options.stopAfter) return { tried, lookups, failure: undefined };
  }
}

const tried = (...hosts: string[]) => ({ tried: hosts, failure: undefined });

describe("CLIENT-1: which hosts are tried, in which order", () => {
  test("without a cached host, those of DNS in the order drawn", async () => {
    expect(await walk({})).toEqual({ ...tried("a.lab.test", "b.lab.test"), lookups: 1 });
  });

  test("the cached host, and DNS is not asked while it answers", async () => {
    expect(await walk({ cachedHost: B, stopAfter: 1 })).toEqual({
      ...tried("b.lab.test"),
      lookups: 0,
    });
  });

  test("when the cached host fails, discovery starts again, and not with that host", async () => {
    const cachedHost = { host: "B.LAB.test.", port: 1688 };
    expect(await walk({ cachedHost })).toEqual({
      ...tried("B.LAB.test.", "a.lab.test"),
      lookups: 1,
    });
  });

  test("the cached host on another port is another host", async () => {
    const cachedHost = { host: "b.lab.test", port: 1689 };
    const all = tried("b.lab.test", "a.lab.test", "b.lab.test");
    expect(await walk({ cachedHost })).toEqual({ ...all, lookups: 1 });
  });

  test("CLIENT-2: a fixed host is the only one, and DNS is not asked", async () => {
    expect(await walk({ fixedHost: A, cachedHost: B })).toEqual({
      ...tried("a.lab.test"),
      lookups: 0,
    });
  });

  test("why DNS gave none is told", async () => {
    const failure: LookupFailure = { kind: "noSuchName", detail: "no such name" };
    expect(await walk({ cachedHost: B, failure })).toEqual({
      tried: ["b.lab.test"],
      lookups: 1,
      failure,
    });
  });
});

describe("host addresses", () => {
  const cases: readonly [string, HostAddress | undefined][] = [
    ["kms.lab.test", { host: "kms.lab.test", port: 1688 }],
    ["kms.lab.test:1700", { host: "kms.lab.test", port: 1700 }],
    ["192.0.2.1:1700", { host: "192.0.2.1", port: 1700 }],
    ["2001:db8::1", { host: "2001:db8::1", port: 1688 }],
    ["[2001:db8::1]", { host: "2001:db8::1", port: 1688 }],
    ["[2001:db8::1]:1700", { host: "2001:db8::1", port: 1700 }],
    ["", undefined],
    [":1688", undefined],
    ["kms:0", undefined],
    ["kms:65536", undefined],
    ["kms:", undefined],
    ["kms:1688:1", undefined],
    ["[kms]:1688", undefined],
    ["[192.0.2.1]:1688", undefined],
    ["a b", undefined],
    ["http://kms", undefined],
    ["x".repeat(254), undefined],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text.slice(0, 30)), () => {
      const address = parseHostAddress(text);
      expect(address).toEqual(expected as HostAddress);
      if (address !== undefined) {
        expect(parseHostAddress(formatHostAddress(address))).toEqual(address);
      }
    });
  }
});
