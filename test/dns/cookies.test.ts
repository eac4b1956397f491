import { describe, expect, test } from "bun:test";
import { CookieJar } from "../../src/dns/cookies.ts";
import { sipHash24 } from "../../src/dns/siphash.ts";
import { octets } from "./support.ts";

describe("SipHash-2-4: the vectors of its authors", () => {
  const key = Uint8Array.from({ length: 16 }, (_, index) => index);
  const input = Uint8Array.from({ length: 64 }, (_, index) => index);

  test.each([
    [0, "310e0edd47db6f72"],
    [1, "fd67dc93c539f874"],
    [7, "37d1018bf50002ab"],
    [8, "6224939a79f5f593"],
    [15, "e545be4961ca29a1"],
    [63, "724506eb4c328a95"],
  ])("%d octets", (length, hex) => {
    const out = new Uint8Array(10);
    sipHash24(key, input, length, out, 1);
    expect(out.toHex()).toBe(`00${hex}00`);
  });
});

describe("RFC 9018 appendix A", () => {
  const current = octets("e5e973e5a6b2a43f48e7dc849e37bfcf");

  function made(secret: Uint8Array, client: string, address: string, seconds: number): string {
    const out = new Uint8Array(24);
    new CookieJar({ current: secret }).write(octets(client), 0, address, seconds, out, 0);
    return out.toHex();
  }

  test("A.1 learning a new server cookie", () => {
    expect(made(current, "2464c4abcf10c957", "198.51.100.100", 1_559_731_985)).toBe(
      "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
    );
  });

  test("A.4 IPv6, and a change of secrets", () => {
    const address = "2001:db8:220:1:59de:d0f4:8769:82b8";
    const previous = octets("dd3bdf9344b678b185a6f5cb60fca715");
    const renewed = octets("445536bcd2513298075a5d379663c962");
    const old = octets("22681ab97d52c298010000005cf7c57926556bd0934c72f8");
    const now = 1_559_741_961;
    const jar = new CookieJar({ current: renewed, previous });
    expect(jar.isValid(old, 0, 24, address, now)).toBe(true);
    expect(new CookieJar({ current: renewed }).isValid(old, 0, 24, address, now)).toBe(false);
    expect(made(renewed, "22681ab97d52c298", address, now)).toBe(
      "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
    );
  });
});

describe("what is valid", () => {
  const now = 1_800_000_000;
  const jar = new CookieJar({ current: new Uint8Array(16).fill(3) });
  const cookie = new Uint8Array(24);
  jar.write(octets("0102030405060708"), 0, "192.0.2.1", now, cookie, 0);

  test.each([
    ["fresh", 0, true],
    ["an hour old (RFC 9018 §4.3)", 3600, true],
    ["older", 3601, false],
    ["five minutes ahead", -300, true],
    ["further ahead", -301, false],
  ])("%s", (_, later, expected) => {
    expect(jar.isValid(cookie, 0, 24, "192.0.2.1", now + later)).toBe(expected);
  });

  test("only for its address, and unchanged in every octet", () => {
    expect(jar.isValid(cookie, 0, 24, "192.0.2.2", now)).toBe(false);
    expect(jar.isValid(cookie, 0, 24, "::ffff:192.0.2.1", now)).toBe(true);
    for (let at = 0; at < 24; at += 1) {
      const forged = cookie.with(at, (cookie[at] ?? 0) ^ 1);
      expect(jar.isValid(forged, 0, 24, "192.0.2.1", now)).toBe(false);
    }
    expect(jar.isValid(octets(cookie, 0), 0, 25, "192.0.2.1", now)).toBe(false);
  });

  test("a secret of another length is our own mistake", () => {
    expect(() => new CookieJar({ current: octets("00") })).toThrow("16 octets");
  });
});
