/** Transaction signatures, RFC 8945: over real sockets, and the client's side of them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { literalName, lowerName, type Name } from "../../src/dns/name.ts";
import { readMessage } from "../../src/dns/raw-message.ts";
import { ALGORITHM_FACTS } from "../../src/dns/tsig/key.ts";
import {
  appendRecord,
  digestParts,
  splitSigned,
  type TsigRecord,
} from "../../src/dns/tsig/record.ts";
import {
  checkRequest,
  signMessage,
  TSIG_ALGORITHMS,
  type TsigKey,
  TsigKeys,
  verifyReply,
} from "../../src/dns/tsig/tsig.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import { headerOf, octets, opt, query, readReply, tcpClient, u16, udpClient } from "./support.ts";
import {
  add,
  KEYS,
  keyOf,
  MASTER,
  NOW_SECONDS,
  signed,
  startUpdatable,
  type Updatable,
  update,
  wireRecord,
} from "./update-support.ts";

const NOERROR = 0;
const FORMERR = 1;
const NOTAUTH = 9;
const BADSIG = 16;
const BADKEY = 17;
const BADTIME = 18;
const BADTRUNC = 22;

let host: Updatable;
let udp: Awaited<ReturnType<typeof udpClient>>;
beforeAll(async () => {
  host = await startUpdatable();
  udp = await udpClient(host.server);
});
afterAll(async () => {
  udp.close();
  await host.server.close();
});

const UPDATE = update({ updates: [add("w1 A 192.0.2.9")] });
const QUERY = query({ name: "kms.kms.test", type: 1 });
const context = { key: MASTER, hmac: systemHmac, nowSeconds: NOW_SECONDS };

/** A signature of which a test may get anything wrong. */
function signBy(
  message: Uint8Array,
  key: TsigKey,
  parts: Partial<TsigRecord> & { readonly macOctets?: number } = {},
): { readonly message: Uint8Array; readonly mac: Uint8Array } {
  const record = {
    keyName: key.name,
    algorithm: ALGORITHM_FACTS[key.algorithm].name,
    timeSigned: NOW_SECONDS,
    fudge: 300,
    originalId: headerOf(message).id,
    error: 0,
    otherData: octets(),
    ...parts,
  };
  const { hash } = ALGORITHM_FACTS[key.algorithm];
  const whole = systemHmac.compute(hash, key.secret, digestParts(message, record, undefined));
  const longer = octets(whole, whole);
  const mac = parts.mac ?? longer.slice(0, parts.macOctets ?? whole.length);
  return { message: appendRecord(message, { ...record, mac }), mac };
}

function tsigOf(reply: Uint8Array): TsigRecord | undefined {
  const message = readMessage(reply);
  const split = message.ok ? splitSigned(message.value) : message;
  if (!split.ok) throw new Error(split.error.code);
  return split.value?.record;
}

describe.each([
  ["an update", UPDATE],
  ["a query", QUERY],
])("%s", (_name, message) => {
  test.each(KEYS.map((key) => [key.algorithm, key] as const))(
    "signed with %s is answered signed",
    async (_algorithm, key) => {
      const request = signBy(message, key);
      const reply = await udp.ask(request.message);
      expect(headerOf(reply)).toMatchObject({ id: headerOf(message).id, rcode: NOERROR });
      expect(verifyReply(reply, request.mac, { ...context, key }).ok).toBe(true);
    },
  );

  const unknown: readonly (readonly [string, TsigKey, Partial<TsigRecord>])[] = [
    ["61 an unknown key", keyOf("nobody.key"), {}],
    ["61 an unknown algorithm", MASTER, { algorithm: literalName("hmac-md5.sig-alg.reg.int") }],
    ["61 another algorithm than the key's", { ...MASTER, algorithm: "hmac-sha512" }, {}],
  ];
  test.each(unknown)("%s: NOTAUTH, BADKEY without a MAC", async (_case, key, parts) => {
    const reply = await udp.ask(signBy(message, key, parts).message);
    expect(headerOf(reply)).toMatchObject({ rcode: NOTAUTH, id: headerOf(message).id });
    expect(tsigOf(reply)).toMatchObject({ error: BADKEY, mac: octets() });
  });

  test("62 a wrong MAC: NOTAUTH, BADSIG without a MAC", async () => {
    const request = signBy(message, { ...MASTER, secret: octets(1, 2, 3) });
    const reply = await udp.ask(request.message);
    expect(headerOf(reply).rcode).toBe(NOTAUTH);
    expect(tsigOf(reply)).toMatchObject({ error: BADSIG, mac: octets() });
    expect(verifyReply(reply, request.mac, context)).toEqual({
      ok: false,
      error: { code: "signature-refused" },
    });
  });

  test.each([-301, 301, -(2 ** 30), 2 ** 40])(
    "62 %d s off: NOTAUTH, BADTIME, signed, with our time",
    async (seconds) => {
      const timeSigned = NOW_SECONDS + seconds;
      const request = signBy(message, MASTER, { timeSigned });
      const reply = await udp.ask(request.message);
      expect(headerOf(reply).rcode).toBe(NOTAUTH);
      expect(tsigOf(reply)).toMatchObject({ error: BADTIME, timeSigned });
      expect(tsigOf(reply)?.otherData).toHaveLength(6);
      // As a client with that clock sees it.
      const client = { ...context, nowSeconds: timeSigned };
      expect(verifyReply(reply, request.mac, client)).toEqual({
        ok: false,
        error: { code: "time-refused", serverSeconds: NOW_SECONDS },
      });
    },
  );

  test.each([-300, 300])("%d s off is in time", async (seconds) => {
    const request = signBy(message, MASTER, { timeSigned: NOW_SECONDS + seconds });
    expect(headerOf(await udp.ask(request.message)).rcode).toBe(NOERROR);
  });

  test.each([16, 31])("a MAC cut to %d octets: BADTRUNC, signed", async (macOctets) => {
    const request = signBy(message, MASTER, { macOctets });
    const reply = await udp.ask(request.message);
    expect(headerOf(reply).rcode).toBe(NOTAUTH);
    expect(tsigOf(reply)).toMatchObject({ error: BADTRUNC });
    expect(verifyReply(reply, request.mac, context)).toEqual({
      ok: false,
      error: { code: "truncation-refused" },
    });
  });

  test("half of the hash is the least: 16 octets of 64 are FORMERR", async () => {
    const [, , long = MASTER] = KEYS;
    const reply = await udp.ask(signBy(message, long, { macOctets: 16 }).message);
    expect(headerOf(reply).rcode).toBe(FORMERR);
  });

  test.each([0, 9, 10, 15, 33])("a MAC of %d octets: FORMERR", async (macOctets) => {
    const reply = await udp.ask(signBy(message, MASTER, { macOctets }).message);
    expect(headerOf(reply)).toMatchObject({ rcode: FORMERR, counts: [0, 0, 0, 0] });
  });

  test("63 a TSIG that is not last, or twice: FORMERR", async () => {
    const once = signBy(message, MASTER).message;
    const behind = octets(once.subarray(0, 11), 2, once.subarray(12), opt());
    expect(headerOf(await udp.ask(behind)).rcode).toBe(FORMERR);
    const twice = signBy(once, MASTER).message;
    expect(headerOf(await udp.ask(twice)).rcode).toBe(FORMERR);
  });

  test("a TSIG outside the additional section: FORMERR", async () => {
    const once = signBy(message, MASTER).message;
    expect(headerOf(await udp.ask(once.with(11, 0).with(9, (once[9] ?? 0) + 1))).rcode).toBe(
      FORMERR,
    );
  });

  test("63 a class other than ANY, a TTL, octets behind: FORMERR", async () => {
    const once = signBy(message, MASTER).message;
    const classAt = once.length - (tsigLength(MASTER) - MASTER.name.length - 2);
    expect([once[classAt], once[classAt + 1]]).toEqual([0, 255]);
    for (const broken of [once.with(classAt + 1, 1), once.with(classAt + 5, 1), octets(once, 0)]) {
      expect(headerOf(await udp.ask(broken)).rcode).toBe(FORMERR);
    }
  });

  test("63 key and algorithm names count without regard to case", async () => {
    const shouted = { keyName: literalName("MASTER.Key"), algorithm: literalName("HMAC-sha256") };
    const request = signBy(message, MASTER, shouted);
    const reply = await udp.ask(request.message);
    expect(headerOf(reply).rcode).toBe(NOERROR);
    expect(verifyReply(reply, request.mac, context).ok).toBe(true);
  });

  test("a forwarder may have changed the id (§5.1)", async () => {
    const { message: once, mac } = signBy(message, MASTER);
    const reply = await udp.ask(octets(u16(0xbeef), once.subarray(2)));
    expect(headerOf(reply)).toMatchObject({ rcode: NOERROR, id: 0xbeef });
    expect(verifyReply(reply, mac, context).ok).toBe(true);
  });
});

function tsigLength(key: TsigKey): number {
  const { name, macOctets } = ALGORITHM_FACTS[key.algorithm];
  return key.name.length + 10 + name.length + 16 + macOctets;
}

describe("signed queries", () => {
  test("what the zones say is signed", async () => {
    const request = signBy(QUERY, MASTER);
    const verified = verifyReply(await udp.ask(request.message), request.mac, context);
    if (!verified.ok) throw new Error(verified.error.code);
    expect(readReply(verified.value).answer).toEqual(["kms.kms.test 3600 A 192.0.2.1"]);
  });

  test("an answer that leaves no room for its signature is cut, and whole by TCP", async () => {
    // 60 texts of 60 octets: short of 4096 octets alone, beyond 1232 by UDP.
    for (const additional of [[], [opt({ payload: 4096 })]]) {
      const request = signBy(query({ name: "big.kms.test", type: 16, additional }), MASTER);
      const reply = await udp.ask(request.message);
      expect(reply.length).toBeLessThanOrEqual(additional.length === 0 ? 512 : 1232);
      expect(headerOf(reply).flags).toContain("tc");
      expect(verifyReply(reply, request.mac, context).ok).toBe(true);
      const tcp = await tcpClient(host.server);
      const whole = await tcp.ask(request.message);
      expect(headerOf(whole).counts[1]).toBe(60);
      expect(verifyReply(whole, request.mac, context).ok).toBe(true);
      tcp.close();
    }
  });

  test("an answer just short of the limit is cut for its signature", async () => {
    const lines = Array.from({ length: 18 }, (_, index) =>
      add(`near TXT ${"x".repeat(9)}${index}`),
    );
    const adds = signed(update({ updates: lines }));
    expect(headerOf(await udp.ask(adds.message)).rcode).toBe(NOERROR);
    const plain = query({ name: "near.kms.test", type: 16 });
    expect(headerOf(await udp.ask(plain)).flags).not.toContain("tc");
    const request = signBy(plain, MASTER);
    const reply = await udp.ask(request.message);
    expect(headerOf(reply)).toMatchObject({ flags: "qr aa tc" });
    expect(verifyReply(reply, request.mac, context).ok).toBe(true);
  });

  test.each([4, 2])("opcode %d, too", async (opcode) => {
    const message = QUERY.with(2, opcode << 3);
    const reply = await udp.ask(signBy(message, MASTER).message);
    expect([4, 5]).toContain(headerOf(reply).rcode);
  });
});

describe("the client", () => {
  const request = signMessage(QUERY, context);
  const answer = QUERY.with(2, 0x84);

  function replied(parts: Partial<TsigRecord> = {}, key = MASTER): Uint8Array {
    const record = {
      keyName: key.name,
      algorithm: ALGORITHM_FACTS[key.algorithm].name,
      timeSigned: NOW_SECONDS,
      fudge: 300,
      originalId: headerOf(answer).id,
      error: 0,
      otherData: octets(),
      ...parts,
    };
    const { hash } = ALGORITHM_FACTS[key.algorithm];
    const digest = digestParts(answer, record, request.mac);
    const mac = parts.mac ?? systemHmac.compute(hash, key.secret, digest);
    return appendRecord(answer, { ...record, mac });
  }

  const refused = (reply: Uint8Array): string => {
    const verified = verifyReply(reply, request.mac, context);
    return verified.ok ? "verified" : verified.error.code;
  };

  test("gets the reply without its signature", () => {
    expect(verifyReply(replied(), request.mac, context)).toEqual({
      ok: true,
      value: answer,
    });
  });

  test.each([
    ["nothing", octets(), "malformed"],
    ["no signature", answer, "unsigned"],
    ["the signature of another request", replied().with(-10, 0), "wrong-signature"],
    ["another key", replied({}, keyOf("other.key")), "wrong-key"],
    ["another secret", replied({}, { ...MASTER, secret: octets(1) }), "wrong-signature"],
    ["a cut MAC", replied({ mac: octets(new Uint8Array(16)) }), "wrong-signature"],
    ["no MAC", replied({ mac: octets() }), "wrong-signature"],
    ["an old one", replied({ timeSigned: NOW_SECONDS - 301 }), "out-of-time"],
    ["BADKEY", replied({ mac: octets(), error: BADKEY }), "key-refused"],
    ["BADSIG", replied({ mac: octets(), error: BADSIG }), "signature-refused"],
    ["BADTIME that nobody signed", replied({ mac: octets(), error: BADTIME }), "wrong-signature"],
    ["an error that nobody knows", replied({ error: 99 }), "malformed"],
  ])("%s", (_name, reply, code) => {
    expect(refused(reply)).toBe(code);
  });

  test("each algorithm, both ways", () => {
    for (const algorithm of TSIG_ALGORITHMS) {
      const key = keyOf("some.key", algorithm);
      const own = { ...context, key };
      const { message, mac } = signMessage(QUERY, own);
      const read = readMessage(message);
      if (!read.ok) throw new Error(read.error.code);
      const check = checkRequest(read.value, { ...own, keys: new TsigKeys([key]) });
      if (check.kind !== "verified") throw new Error(check.kind);
      expect(check.unsigned).toEqual(QUERY);
      expect(mac).toHaveLength(ALGORITHM_FACTS[algorithm].macOctets);
      expect(verifyReply(check.sign(answer), mac, own)).toEqual({ ok: true, value: answer });
    }
  });
});

describe("nothing that was changed is believed", () => {
  const keys = new TsigKeys([MASTER, keyOf("other.key")]);
  const message = update({
    updates: [add("w1 A 192.0.2.9"), wireRecord({ name: "w2", type: 16, class: 255 })],
    additional: [opt()],
  });
  const { message: whole } = signed(message);

  function isVerified(changed: Uint8Array): boolean {
    const read = readMessage(changed);
    if (!read.ok) return false;
    return checkRequest(read.value, { ...context, keys }).kind === "verified";
  }

  /** The same message to the standard: another id, other case in the names of key and algorithm. */
  function isSame(changed: Uint8Array): boolean {
    const tsigAt = message.length;
    const id = (one: Uint8Array) => one.subarray(2, tsigAt).join();
    if (changed.length !== whole.length || id(changed) !== id(whole)) return false;
    const tail = (one: Uint8Array): Name => lowerName(one.subarray(tsigAt));
    const { name } = ALGORITHM_FACTS[MASTER.algorithm];
    const namesEnd = MASTER.name.length + 10 + name.length;
    const [ours, theirs] = [whole.subarray(tsigAt), changed.subarray(tsigAt)];
    return (
      tail(whole).subarray(0, namesEnd).join() === tail(changed).subarray(0, namesEnd).join() &&
      ours.subarray(namesEnd).join() === theirs.subarray(namesEnd).join()
    );
  }

  test("the message itself is", () => expect(isVerified(whole)).toBe(true));

  test("any bit flipped", () => {
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const at = bit >> 3;
      const changed = whole.with(at, (whole[at] ?? 0) ^ (1 << (bit & 7)));
      expect([bit, isVerified(changed)]).toEqual([bit, isSame(changed)]);
    }
  });

  test("cut anywhere", () => {
    for (let end = 0; end < whole.length; end += 1) {
      expect(isVerified(whole.slice(0, end))).toBe(false);
    }
  });

  test("octets replaced, removed or put in", () => {
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      removed: fc.nat(8),
      inserted: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let changed = whole;
        for (const { at, removed, inserted } of changes) {
          changed = octets(changed.subarray(0, at), inserted, changed.subarray(at + removed));
        }
        expect(isVerified(changed)).toBe(isSame(changed));
      }),
      { numRuns: 2000 },
    );
  });

  test("random octets never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(isVerified(bytes)).toBe(false);
        expect(verifyReply(bytes, octets(), context).ok).toBe(false);
      }),
    );
  });
});
