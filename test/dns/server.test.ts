/** The shell: endpoints, TCP (RFC 7766), handing over, statistics. Cases 44 to 48 of our list. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { DEFAULT_DNS_LIMITS } from "../../src/dns/limits.ts";
import { type DnsServer, type DnsServerEvent, listenDns } from "../../src/dns/server.ts";
import { BindError } from "../../src/platform/endpoint.ts";
import {
  endpointOf,
  framed,
  headerOf,
  LOOPBACK,
  octets,
  query,
  readReply,
  startServer,
  tcpClient,
  udpClient,
  zoneOf,
} from "./support.ts";

const SRV = query({ name: "_vlmcs._tcp.kms.test", type: 33 });
const SRV_ANSWER = ["_vlmcs._tcp.kms.test 3600 SRV 0 0 1688 kms.kms.test"];

describe("endpoints", () => {
  test("UDP and TCP share the port that was found, IPv4 and IPv6 alike (HOST-11)", async () => {
    const server = await startServer({ listen: [LOOPBACK, { address: "::1", port: 0 }] });
    expect(server.endpoints.map(({ address }) => address)).toEqual(["127.0.0.1", "::1"]);
    for (const endpoint of server.endpoints) {
      const one = { ...server, endpoints: [endpoint] };
      const udp = await udpClient(one);
      expect(readReply(await udp.ask(SRV)).answer).toEqual(SRV_ANSWER);
      udp.close();
      const tcp = await tcpClient(one);
      expect(readReply(await tcp.ask(SRV)).answer).toEqual(SRV_ANSWER);
      tcp.close();
    }
    await server.close();
  });

  test("a port in use is a BindError, and nothing stays open", async () => {
    const server = await startServer();
    const taken = endpointOf(server);
    const free = await startServer();
    const other = endpointOf(free);
    await free.close();
    const attempt = startServer({ listen: [other, taken] });
    expect(attempt).rejects.toThrow(BindError);
    expect(attempt).rejects.toMatchObject({ part: "dns", endpoint: taken, code: "EADDRINUSE" });
    await attempt.catch(() => {});
    const again = await startServer({ listen: [other] });
    expect(again.healthy()).toBe(true);
    await Promise.all([again.close(), server.close()]);
    expect(again.healthy()).toBe(false);
  });

  test("a port taken for TCP alone is a BindError too", async () => {
    const tcp = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const endpoint = { address: "127.0.0.1", port: tcp.port };
    expect(startServer({ listen: [endpoint] })).rejects.toThrow(BindError);
    tcp.stop(true);
  });

  test("setZones changes the answers at once, both ways (DNS-4)", async () => {
    const server = await startServer();
    const udp = await udpClient(server);
    server.setZones([zoneOf("other.test", "@ SOA a b 1 1 1 1 60\n@ NS a\na A 192.0.2.9")]);
    expect(headerOf(await udp.ask(SRV)).rcode).toBe(5);
    const reply = readReply(await udp.ask(query({ name: "a.other.test", type: 1 })));
    expect(reply.answer).toEqual(["a.other.test 3600 A 192.0.2.9"]);
    server.setZones([]);
    expect(headerOf(await udp.ask(query({ name: "a.other.test", type: 1 }))).rcode).toBe(5);
    udp.close();
    await server.close();
  });
});

describe("TCP (RFC 7766)", () => {
  let server: DnsServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server.close();
  });

  const idOf = (message: Uint8Array) => headerOf(message).id;
  const numbered = (id: number) => query({ name: "_vlmcs._tcp.kms.test", type: 33, id });

  test("44 a hundred queries in one write get a hundred answers, in order", async () => {
    const client = await tcpClient(server);
    const ids = Array.from({ length: 100 }, (_, index) => 1000 + index);
    client.write(octets(...ids.map((id) => framed(numbered(id)))));
    const replies: number[] = [];
    for (const _ of ids) replies.push(idOf(await client.next()));
    expect(replies).toEqual(ids);
    client.close();
  });

  test("45 octet by octet", async () => {
    const client = await tcpClient(server);
    for (const octet of octets(framed(numbered(1)), framed(numbered(2)))) {
      client.write(Uint8Array.of(octet));
      client.socket.flush();
      await new Promise(setImmediate);
    }
    expect([idOf(await client.next()), idOf(await client.next())]).toEqual([1, 2]);
    client.close();
  });

  test("45 two queries and a half, cut at every octet", async () => {
    const stream = octets(framed(numbered(1)), framed(numbered(2)), framed(numbered(3)));
    const client = await tcpClient(server);
    for (let cut = 1; cut < stream.length; cut += 1) {
      client.write(stream.subarray(0, cut));
      await new Promise(setImmediate);
      client.write(stream.subarray(cut));
      const ids = [await client.next(), await client.next(), await client.next()].map(idOf);
      expect(ids).toEqual([1, 2, 3]);
    }
    client.close();
  });

  test("45 a client that closed its side is still answered", async () => {
    const client = await tcpClient(server);
    client.write(framed(numbered(7)));
    client.socket.shutdown();
    expect(idOf(await client.next())).toBe(7);
    await client.closed;
  });

  test.each([
    ["of length 0", "0000"],
    ["of 5 octets", "0005 0102030405"],
    ["of 11 octets", "000b 01"],
  ])("46 a message %s closes the connection, after what came before", async (_, hex) => {
    const other = await tcpClient(server);
    const client = await tcpClient(server);
    client.write(octets(framed(numbered(5)), hex));
    expect(idOf(await client.next())).toBe(5);
    await client.closed;
    expect(idOf(await other.ask(numbered(6)))).toBe(6);
    other.close();
  });

  test("a reply among queries is passed over", async () => {
    const client = await tcpClient(server);
    client.write(framed(query({ name: "kms.test", type: 6, flags: 0x8000, id: 8 })));
    expect(idOf(await client.ask(numbered(9)))).toBe(9);
    client.close();
  });

  test("47 with more connections than allowed, the quietest goes and new ones are served", async () => {
    const limits = { ...DEFAULT_DNS_LIMITS, tcpConnections: 8 };
    const small = await startServer({ limits });
    const first = await tcpClient(small);
    const second = await tcpClient(small);
    await second.ask(numbered(1));
    // The first was opened earlier, but has spoken since.
    await first.ask(numbered(1));
    const others: Awaited<ReturnType<typeof tcpClient>>[] = [];
    for (let count = 0; count < 7; count += 1) others.push(await tcpClient(small));
    expect(idOf((await others.at(-1)?.ask(numbered(2))) ?? octets())).toBe(2);
    await second.closed;
    expect(idOf(await first.ask(numbered(3)))).toBe(3);
    expect(small.statistics().tcp).toMatchObject({ open: 8, accepted: 9, evicted: 1 });
    await small.close();
  });

  test("47 sixty-four quiet connections starve nobody", async () => {
    const quiet = await Promise.all(Array.from({ length: 64 }, () => tcpClient(server)));
    const client = await tcpClient(server);
    expect(idOf(await client.ask(numbered(4)))).toBe(4);
    for (const one of [...quiet, client]) one.close();
  });

  test("48 a quiet connection is closed, also in the middle of a message", async () => {
    const limits = { ...DEFAULT_DNS_LIMITS, tcpIdleMs: 50 };
    const hasty = await startServer({ limits });
    const silent = await tcpClient(hasty);
    const halting = await tcpClient(hasty);
    halting.write(framed(numbered(1)).subarray(0, 9));
    await Promise.all([silent.closed, halting.closed]);
    expect(hasty.statistics().tcp).toMatchObject({ accepted: 2, expired: 2 });
    await hasty.close();
  });

  test("a client that asks much and reads nothing is cut off, the others go on", async () => {
    const limits = { ...DEFAULT_DNS_LIMITS, tcpBacklogOctets: 100_000 };
    const guarded = await startServer({ limits });
    const endpoint = endpointOf(guarded);
    const greedy = await Bun.connect({
      hostname: endpoint.address,
      port: endpoint.port,
      socket: { data() {}, close() {}, error() {} },
    });
    greedy.pause();
    const many = octets(
      ...Array.from({ length: 500 }, () => framed(query({ name: "big.kms.test", type: 16 }))),
    );
    // What the kernel holds for a connection is not ours to say: ask until the limit is met.
    while (guarded.statistics().tcp.expired === 0) {
      greedy.write(many);
      await new Promise(setImmediate);
    }
    const other = await tcpClient(guarded);
    expect(idOf(await other.ask(numbered(1)))).toBe(1);
    expect(guarded.statistics().tcp.expired).toBe(1);
    other.close();
    await guarded.close();
  });
});

describe("handing over", () => {
  const update = query({ name: "kms.test", type: 6, flags: 0x2800, trailing: octets("aa") });
  const reply = octets("1234 a800 0000 0000 0000 0000");
  const signed = query({
    name: "kms.test",
    type: 6,
    additional: [octets("036b6579 00 00fa 00ff 00000000 0001 00")],
  });

  test("an UPDATE goes to the handler whole, by both transports", async () => {
    const seen: unknown[] = [];
    const server = await startServer({
      handleUpdate: async (message, peer, transport) => {
        seen.push([message.toHex(), peer.address, transport]);
        return reply;
      },
    });
    const udp = await udpClient(server);
    const tcp = await tcpClient(server);
    expect(await udp.ask(update)).toEqual(reply);
    expect(await tcp.ask(update)).toEqual(reply);
    expect(seen).toEqual([
      [update.toHex(), "127.0.0.1", 0],
      [update.toHex(), "127.0.0.1", 1],
    ]);
    expect(server.statistics().handedOver).toBe(2);
    udp.close();
    tcp.close();
    await server.close();
  });

  test("a handler that throws is SERVFAIL and told to the log; queries go on", async () => {
    const events: DnsServerEvent[] = [];
    const server = await startServer({
      handleUpdate: () => Promise.reject(new Error("disk")),
      log: (event) => events.push(event),
    });
    const udp = await udpClient(server);
    expect(headerOf(await udp.ask(update))).toMatchObject({ rcode: 2, opcode: 5 });
    expect(events.map(({ kind }) => kind)).toEqual(["update-failed"]);
    expect(readReply(await udp.ask(SRV)).answer).toEqual(SRV_ANSWER);
    udp.close();
    await server.close();
  });

  test("an empty reply is not sent", async () => {
    const server = await startServer({ handleUpdate: () => octets() });
    const udp = await udpClient(server);
    udp.send(update);
    expect(readReply(await udp.ask(SRV)).answer).toEqual(SRV_ANSWER);
    udp.close();
    await server.close();
  });

  test("updates beyond the limit are answered SERVFAIL at once", async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const limits = { ...DEFAULT_DNS_LIMITS, pendingUpdates: 1 };
    const server = await startServer({ limits, handleUpdate: () => promise });
    const udp = await udpClient(server);
    udp.send(update);
    expect(headerOf(await udp.ask(update)).rcode).toBe(2);
    resolve(reply);
    expect(await udp.next()).toEqual(reply);
    udp.close();
    await server.close();
  });

  test("a half-closed connection waits for its update", async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const { promise: started, resolve: onStart } = Promise.withResolvers<void>();
    const server = await startServer({
      handleUpdate: () => {
        onStart();
        return promise;
      },
    });
    const tcp = await tcpClient(server);
    tcp.write(framed(update));
    tcp.socket.shutdown();
    await started;
    resolve(reply);
    expect(await tcp.next()).toEqual(reply);
    await tcp.closed;
    await server.close();
  });

  test("a message that ends in a TSIG goes to its handler, with the zones' answer at hand", async () => {
    const server = await startServer({
      handleSigned: (message, _peer, _transport, answer) =>
        answer(octets(message.subarray(0, 11), 0, message.subarray(12, 26))),
    });
    const udp = await udpClient(server);
    expect(readReply(await udp.ask(signed)).answer).toHaveLength(1);
    expect(server.statistics().handedOver).toBe(1);
    udp.close();
    await server.close();
  });

  test("without that handler the signature is passed over", async () => {
    const server = await startServer();
    const udp = await udpClient(server);
    expect(readReply(await udp.ask(signed)).answer).toHaveLength(1);
    udp.close();
    await server.close();
  });
});

describe("statistics", () => {
  test("answers count by transport and rcode", async () => {
    const server = await startServer();
    const udp = await udpClient(server);
    const tcp = await tcpClient(server);
    await udp.ask(SRV);
    await udp.ask(SRV);
    await udp.ask(query({ name: "nope.kms.test", type: 1 }));
    await udp.ask(query({ name: "big.kms.test", type: 16 }));
    await tcp.ask(query({ name: "example.com", type: 1 }));
    expect(server.statistics()).toEqual({
      answers: [
        { transport: "udp", rcode: "NOERROR", count: 3 },
        { transport: "udp", rcode: "NXDOMAIN", count: 1 },
        { transport: "tcp", rcode: "REFUSED", count: 1 },
      ],
      dropped: 0,
      truncated: 1,
      rateLimited: 0,
      unsent: 0,
      handedOver: 0,
      defects: 0,
      tcp: { open: 1, accepted: 1, evicted: 0, expired: 0 },
    });
    udp.close();
    tcp.close();
    await server.close();
  });

  test("replies to many clients at once all arrive", async () => {
    const server = await startServer();
    const clients = await Promise.all(Array.from({ length: 10 }, () => udpClient(server)));
    const rounds = 10;
    for (let round = 0; round < rounds; round += 1) {
      for (const client of clients) client.send(query({ name: "kms.test", type: 16, id: round }));
    }
    for (const client of clients) {
      const ids = new Set<number>();
      for (let round = 0; round < rounds; round += 1) ids.add(headerOf(await client.next()).id);
      expect(ids.size).toBe(rounds);
      client.close();
    }
    await server.close();
  });

  test("clients that are gone before their reply cost the others nothing", async () => {
    const server = await startServer();
    const lasting = await udpClient(server);
    for (let round = 0; round < 50; round += 1) {
      const fleeting = await udpClient(server);
      fleeting.send(SRV);
      fleeting.close();
      const reply = await lasting.ask(query({ name: "kms.test", type: 16, id: round }));
      expect(headerOf(reply).id).toBe(round);
    }
    lasting.close();
    await server.close();
  });

  test("no endpoints, no sockets", async () => {
    const server = await listenDns({
      listen: [],
      limits: DEFAULT_DNS_LIMITS,
      clock: () => 0,
      randomBytes: (length) => new Uint8Array(length),
    });
    expect([server.endpoints, server.healthy()]).toEqual([[], true]);
    await server.close();
  });
});
