import { describe, expect, test } from "bun:test";
import { Responder } from "../../src/dns/answer.ts";
import { Transport } from "../../src/dns/codes.ts";
import { DEFAULT_DNS_LIMITS } from "../../src/dns/limits.ts";
import { DEFAULT_RATE_LIMIT, RateLimiter } from "../../src/dns/rate-limit.ts";
import { headerOf, octets, opt, option, query, readReply, testZones } from "./support.ts";

const OPTIONS = { answersPerSecond: 5, slip: 2, windowSeconds: 15, tableSize: 1024 };

function decisions(limiter: RateLimiter, count: number, address = "192.0.2.1", hash = 1, now = 0) {
  return Array.from({ length: count }, () => limiter.decide(address, hash, now));
}

describe("buckets", () => {
  test("answers up to the rate, then every second one is slipped", () => {
    expect(decisions(new RateLimiter(OPTIONS, 1), 9)).toEqual([
      ...new Array(5).fill("answer"),
      "drop",
      "slip",
      "drop",
      "slip",
    ]);
  });

  test("without slip all are dropped, with slip 1 none", () => {
    for (const [slip, decision] of [
      [0, "drop"],
      [1, "slip"],
    ] as const) {
      const limiter = new RateLimiter({ ...OPTIONS, slip }, 1);
      expect(decisions(limiter, 8).slice(5)).toEqual(new Array(3).fill(decision));
    }
  });

  test("one network shares a bucket: /24 and /56", () => {
    const limiter = new RateLimiter(OPTIONS, 1);
    const one = (address: string) => limiter.decide(address, 1, 0);
    decisions(limiter, 5, "192.0.2.1");
    decisions(limiter, 5, "2001:db8:0:100::1");
    expect(["192.0.2.200", "192.0.3.1"].map(one)).toEqual(["drop", "answer"]);
    expect(["2001:db8:0:1ff::9", "2001:db8:0:200::1"].map(one)).toEqual(["drop", "answer"]);
  });

  test("other answers are counted apart", () => {
    const limiter = new RateLimiter(OPTIONS, 1);
    decisions(limiter, 6);
    expect(limiter.decide("192.0.2.1", 2, 0)).toBe("answer");
  });

  test("credit comes back with time, and debt has to be paid first", () => {
    const limiter = new RateLimiter(OPTIONS, 1);
    decisions(limiter, 15);
    expect(limiter.decide("192.0.2.1", 1, 1)).not.toBe("answer");
    expect(limiter.decide("192.0.2.1", 1, 3)).toBe("answer");
    decisions(limiter, 1000, "192.0.2.1", 1, 3);
    expect(limiter.decide("192.0.2.1", 1, 19)).toBe("answer");
  });
});

describe("replies", () => {
  let now = 1_800_000_000_000;
  const out = new Uint8Array(65_535);
  const start = () => {
    const responder = new Responder({
      limits: DEFAULT_DNS_LIMITS,
      clock: () => now,
      cookies: { current: new Uint8Array(16) },
      rateLimit: OPTIONS,
    });
    responder.setZones(testZones());
    return responder;
  };
  const ask = (from: Responder, message: Uint8Array, transport: Transport = Transport.UDP) => {
    const length = from.respond(message, 0, message.length, "192.0.2.1", transport, out, 0);
    return out.slice(0, length);
  };
  const many = (from: Responder, message: (index: number) => Uint8Array, transport?: Transport) =>
    Array.from({ length: 9 }, (_, index) => ask(from, message(index), transport));

  test("a slipped reply is truncated and empty, so that a true client comes by TCP", () => {
    const own = start();
    const message = query({ name: "_vlmcs._tcp.kms.test", type: 33, additional: [opt()] });
    const replies = many(own, () => message);
    expect(replies.map(({ length }) => length > 0)).toEqual([
      ...new Array(5).fill(true),
      false,
      true,
      false,
      true,
    ]);
    expect(headerOf(replies[6] ?? octets())).toMatchObject({
      flags: "qr aa tc",
      counts: [1, 0, 0, 1],
    });
    expect(own.limited).toBe(4);
    expect(many(own, () => message, Transport.TCP).every(({ length }) => length > 100)).toBe(true);
    now += 60_000;
    expect(headerOf(ask(own, message)).counts).toEqual([1, 1, 0, 3]);
  });

  test("random names that do not exist count as one answer", () => {
    const replies = many(start(), (index) => query({ name: `x${index}.kms.test`, type: 1 }));
    expect(replies.filter(({ length }) => length > 0)).toHaveLength(7);
  });

  test("so do names that a wildcard makes", () => {
    const replies = many(start(), (index) => query({ name: `x${index}.wild.kms.test`, type: 16 }));
    expect(replies.filter(({ length }) => length > 0)).toHaveLength(7);
  });

  test("names that are there count each for itself", () => {
    const own = start();
    for (const name of ["kms.kms.test", "a.b.c.kms.test", "alias.kms.test"]) {
      const replies = Array.from({ length: 5 }, () => ask(own, query({ name, type: 1 })));
      expect(replies.every(({ length }) => length > 0)).toBe(true);
    }
  });

  test("a valid cookie exempts", () => {
    const own = start();
    const asked = (hex: string) =>
      query({
        name: "kms.test",
        type: 16,
        additional: [opt({ options: [option(10, octets(hex))] })],
      });
    const cookie = readReply(ask(own, asked("0102030405060708"))).edns?.options.get(10) ?? "";
    expect(many(own, () => asked(cookie)).every(({ length }) => length > 12)).toBe(true);
    expect(many(own, () => asked("0102030405060708")).some(({ length }) => length === 0)).toBe(
      true,
    );
  });

  test("the default is generous", () => {
    const limiter = new RateLimiter(DEFAULT_RATE_LIMIT, 1);
    expect(decisions(limiter, 200).every((decision) => decision === "answer")).toBe(true);
  });
});
