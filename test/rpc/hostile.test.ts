import { expect, test } from "bun:test";
import { addressAdmission, parseAddressList } from "../../src/rpc/addresses.ts";
import type { EndReason } from "../../src/rpc/statistics.ts";
import { ECHO_OPERATION } from "./echo-interface.ts";
import {
  bind,
  bindNakText,
  context,
  ECHO,
  FIRST,
  faultText,
  joined,
  MPX,
  NDR32,
  octets,
  pdu,
  request,
  responseText,
  TYPE,
  u32,
  WHOLE,
} from "./octets.ts";
import type { RawClient } from "./raw-client.ts";
import { type TestServer, until, withServer } from "./test-server.ts";

const BIND = bind([context(0, ECHO, NDR32)]);
const { addOne, hold, sourceData, echoData } = ECHO_OPERATION;
const PROTOCOL_ERROR = 0x1c01000b;
const SERVER_TOO_BUSY = 0x1c010014;

const listed = parseAddressList(["198.51.100.0/24"]);
const publicOnly = listed.ok ? listed.value : [];

/** Time limits short enough to run into; each test sets the one it is about. */
const SHORT = { tickMilliseconds: 5 };
const SOON = 40;

async function bound(server: TestServer): Promise<RawClient> {
  const peer = await server.client();
  await peer.send(BIND);
  await peer.pdu();
  return peer;
}

/** A whole exchange on a connection of its own: everybody else is served. */
async function expectService(server: TestServer): Promise<void> {
  const peer = await bound(server);
  await peer.send(request(addOne, u32(1)));
  expect(await peer.pdu()).toBe(responseText(1, u32(2)));
  peer.close();
}

function ends(server: TestServer, reason: EndReason): number {
  return server.listener.statistics().connectionsEnded.get(reason) ?? 0;
}

const SLOW: readonly {
  readonly title: string;
  readonly reason: EndReason;
  readonly limits: Readonly<Record<string, number>>;
  readonly send: readonly Uint8Array[];
  readonly bindFirst: boolean;
}[] = [
  {
    title: "P0-30 silence from the start",
    reason: "bind",
    limits: { bindMilliseconds: SOON },
    send: [],
    bindFirst: false,
  },
  {
    title: "P0-30 15 octets of a header",
    reason: "bind",
    limits: { bindMilliseconds: SOON },
    send: [BIND.slice(0, 15)],
    bindFirst: false,
  },
  {
    title: "co_cancel instead of a bind buys no time",
    reason: "bind",
    limits: { bindMilliseconds: SOON },
    send: [pdu(TYPE.cancel, octets("")), pdu(TYPE.orphaned, octets(""))],
    bindFirst: false,
  },
  {
    title: "15 octets of a header after a bind",
    reason: "pdu",
    limits: { pduMilliseconds: SOON },
    send: [request(addOne, u32(1)).slice(0, 15)],
    bindFirst: true,
  },
  {
    title: "a request that lacks its last fragment",
    reason: "request",
    limits: { requestMilliseconds: SOON },
    send: [request(addOne, u32(1), { flags: FIRST }), request(addOne, u32(1), { flags: 0 })],
    bindFirst: true,
  },
  {
    title: "silence after a bind",
    reason: "idle",
    limits: { idleMilliseconds: SOON },
    send: [],
    bindFirst: true,
  },
];

for (const { title, reason, limits, send, bindFirst } of SLOW) {
  test(`${title}: closed at the limit, others served`, () =>
    withServer(
      async (server) => {
        const peer = bindFirst ? await bound(server) : await server.client();
        await peer.send(...send);
        expect(await peer.pdu()).toBe("end");
        expect(ends(server, reason)).toBe(1);
        await expectService(server);
      },
      { ...SHORT, ...limits },
    ));
}

/** Sends the same again and again until the connection is over. */
async function trickle(peer: RawClient, bytes: Uint8Array): Promise<void> {
  while (await peer.send(bytes)) await Bun.sleep(2);
}

test("a trickle of co_cancel buys no time for a bind", () =>
  withServer(
    async (server) => {
      const peer = await server.client();
      const sending = trickle(peer, pdu(TYPE.cancel, octets("")));
      expect(await peer.pdu()).toBe("end");
      expect(ends(server, "bind")).toBe(1);
      await sending;
    },
    { ...SHORT, bindMilliseconds: SOON },
  ));

test("a trickle of fragments buys no time for a request", () =>
  withServer(
    async (server) => {
      const peer = await bound(server);
      await peer.send(request(echoData, octets("00"), { flags: FIRST }));
      const sending = trickle(peer, request(echoData, octets("00"), { flags: 0 }));
      expect(await peer.pdu()).toBe("end");
      expect(ends(server, "request")).toBe(1);
      await sending;
    },
    { ...SHORT, requestMilliseconds: SOON },
  ));

test("a trickle of octets buys no time for a PDU", () =>
  withServer(
    async (server) => {
      const peer = await bound(server);
      await peer.send(request(echoData, new Uint8Array(5000)).slice(0, 24));
      const sending = trickle(peer, octets("00"));
      expect(await peer.pdu()).toBe("end");
      expect(ends(server, "pdu")).toBe(1);
      await sending;
    },
    { ...SHORT, pduMilliseconds: SOON },
  ));

test("a call that its interface keeps is not idle", () =>
  withServer(
    async (server) => {
      const peer = await bound(server);
      await peer.send(request(hold));
      const complete = await server.held.next();
      const silent = await bound(server);
      expect(await silent.pdu()).toBe("end");
      complete({ kind: "response", stub: octets("aa") });
      expect(await peer.pdu()).toBe(responseText(1, octets("aa")));
    },
    { ...SHORT, idleMilliseconds: SOON },
  ));

const GARBAGE: readonly (readonly [title: string, bytes: Uint8Array])[] = [
  ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")],
  ["TLS", octets("16 03 01 00 c8 01 00 00 c4 03 03 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a")],
  ["SMB", joined(octets("00000054 fe534d42 4000 0000 00000000"), new Uint8Array(64))],
  ["zeros", new Uint8Array(4096)],
  ["ones", new Uint8Array(4096).fill(0xff)],
];

for (const [title, bytes] of GARBAGE) {
  test(`P0-66 octets of ${title}: closed, others served`, () =>
    withServer(async (server) => {
      const peer = await server.client();
      await peer.send(bytes);
      const first = await peer.pdu();
      if (first !== "end") expect(await peer.pdu()).toBe("end");
      await expectService(server);
    }));
}

test("what follows a last answer is thrown away, and only so much of it", () =>
  withServer(
    async (server) => {
      const peer = await server.client();
      await peer.send(bind([]));
      expect(await peer.pdu()).toBe(bindNakText(1, 4));
      expect(await peer.pdu()).toBe("end");
      while (await peer.send(new Uint8Array(4096))) await Bun.sleep(1);
      expect(ends(server, "closing")).toBe(1);
    },
    { ...SHORT, discardOctets: 16_384 },
  ));

test("a peer that stays after a last answer is cut off", () =>
  withServer(
    async (server) => {
      const peer = await server.client();
      await peer.send(bind([]));
      expect(await peer.pdu()).toBe(bindNakText(1, 4));
      expect(await peer.pdu()).toBe("end");
      await until(() => ends(server, "closing") > 0);
      expect(server.listener.statistics().connectionsOpen).toBe(0);
    },
    { ...SHORT, closingMilliseconds: SOON },
  ));

test("a peer that never reads: its requests wait, its memory is bounded, then it is cut off", () =>
  withServer(
    async (server) => {
      const peer = await server.client();
      peer.socket.pause();
      const call = request(sourceData, joined(u32(60_000), new Uint8Array(5000)), { callId: 2 });
      const flood = peer.send(BIND, ...Array(2000).fill(call));
      await until(() => ends(server, "output") > 0);
      const { calls, octetsReceived, octetsSent } = server.listener.statistics();
      // What was answered is what the sockets took, and at most the limit and one reply beside it.
      expect(calls * 60_000).toBeLessThan(octetsSent + 65_536 + 2 * 60_000);
      expect(calls).toBeLessThan(2000);
      // Ten million octets were on their way; what is not read stays with the peer.
      expect(octetsReceived).toBeLessThan(5_000_000);
      peer.close();
      await flood;
      await expectService(server);
    },
    { ...SHORT, outputMilliseconds: SOON, outputOctets: 65_536 },
  ));

test("calls in flight: no more than the limit, and all of them answered in the end", () =>
  withServer(
    async (server) => {
      const peer = await server.client();
      const calls = Array.from({ length: 50 }, (_, callId) => request(hold, u32(0), { callId }));
      await peer.send(bind([context(0, ECHO, NDR32)], { flags: WHOLE | MPX }), ...calls);
      await peer.pdu();
      const ids: string[] = [];
      for (let index = 0; index < calls.length; index += 1) {
        const complete = await server.held.next();
        expect(server.listener.statistics().callsInFlight).toBeLessThanOrEqual(8);
        complete({ kind: "response", stub: octets("") });
        ids.push(await peer.pdu());
      }
      expect(new Set(ids).size).toBe(50);
      expect(server.listener.statistics().callsInFlight).toBe(0);
    },
    { callsInFlight: 8 },
  ));

test("a peer with a thousand calls at once has its turns, and others have theirs", () =>
  withServer(
    async (server) => {
      const greedy = await bound(server);
      const other = await bound(server);
      const calls = Array.from({ length: 1000 }, (_, callId) =>
        request(addOne, u32(callId), { callId }),
      );
      // One write: they arrive as one segment, or a few.
      await greedy.send(...calls);
      await until(() => server.listener.statistics().calls > 0);
      await other.send(request(addOne, u32(1)));
      expect(await other.pdu()).toBe(responseText(1, u32(2)));
      expect(server.listener.statistics().calls).toBeLessThan(1000);
      for (let callId = 0; callId < calls.length; callId += 1) {
        expect(await greedy.pdu()).toBe(responseText(callId, u32(callId + 1)));
      }
      greedy.shutdown();
      expect(await greedy.pdu()).toBe("end");
      expect(server.listener.statistics().reassemblyOctets).toBe(0);
    },
    { pdusPerTurn: 1 },
  ));

test("a peer that resets with calls in flight leaves nothing behind", () =>
  withServer(async (server) => {
    const peer = await bound(server);
    await peer.send(request(hold), request(addOne, u32(1), { flags: FIRST, callId: 2 }));
    const complete = await server.held.next();
    peer.close();
    await until(() => server.listener.statistics().connectionsOpen === 0);
    complete({ kind: "response", stub: octets("aa") });
    expect(server.listener.statistics()).toMatchObject({
      callsInFlight: 0,
      associationGroups: 0,
      reassemblyOctets: 0,
    });
    await expectService(server);
  }));

test("the budget for incomplete requests is shared, and what is over it is refused", () =>
  withServer(
    async (server) => {
      const begun = request(echoData, new Uint8Array(4000), { flags: FIRST });
      const first = await bound(server);
      await first.send(begun);
      await until(() => server.listener.statistics().reassemblyOctets >= 4000);
      const second = await bound(server);
      await second.send(begun);
      const refused = faultText(1, SERVER_TOO_BUSY, { didNotExecute: true });
      expect(await second.pdu()).toBe(refused);
      expect(await second.pdu()).toBe("end");
      first.close();
      await until(() => server.listener.statistics().reassemblyOctets === 0);
      const third = await bound(server);
      await third.send(begun, request(echoData, octets(""), { flags: 2 }));
      expect(await third.pdu()).toBe(responseText(1, u32(0)));
    },
    { reassemblyOctets: 6000 },
  ));

test("a budget that others have used up refuses nobody's small message in pieces", () =>
  withServer(
    async (server) => {
      const hoarder = await bound(server);
      await hoarder.send(request(echoData, new Uint8Array(4000), { flags: FIRST }));
      await until(() => server.listener.statistics().reassemblyOctets >= 4000);
      const peer = await server.client();
      await peer.sendOctetwise(joined(BIND, request(addOne, joined(u32(1), new Uint8Array(200)))));
      await peer.pdu();
      expect(await peer.pdu()).toBe(responseText(1, u32(2)));
    },
    { reassemblyOctets: 4096 },
  ));

test("empty fragments without end are refused by their number", () =>
  withServer(
    async (server) => {
      const peer = await bound(server);
      const empty = request(echoData, octets(""), { flags: 0 });
      await peer.send(request(echoData, octets(""), { flags: FIRST }), ...Array(10).fill(empty));
      expect(await peer.pdu()).toBe(faultText(1, 5));
      expect(await peer.pdu()).toBe("end");
    },
    { requestFragments: 10 },
  ));

test("contexts beyond the limit are rejected, the connection goes on", () =>
  withServer(
    async (server) => {
      const peer = await bound(server);
      const offer = [context(1, ECHO, NDR32)];
      await peer.send(pdu(TYPE.alterContext, bind(offer).slice(16), { callId: 2 }));
      // Provider rejection, local limit exceeded.
      expect((await peer.pdu()).slice(64, 72)).toBe("02000300");
      await peer.send(request(addOne, u32(1)));
      expect(await peer.pdu()).toBe(responseText(1, u32(2)));
    },
    { contexts: 1 },
  ));

test("connections: one too many displaces one that waits", () =>
  withServer(
    async (server) => {
      const silent = await server.client();
      const busy = await bound(server);
      await busy.send(request(hold));
      const complete = await server.held.next();
      await expectService(server);
      expect(await silent.pdu()).toBe("end");
      expect(ends(server, "displaced")).toBe(1);
      complete({ kind: "response", stub: octets("aa") });
      expect(await busy.pdu()).toBe(responseText(1, octets("aa")));
    },
    { connections: 2 },
  ));

test("connections: a flood of silent ones displaces itself, and others are served", () =>
  withServer(
    async (server) => {
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: 10 }, server.client));
        await expectService(server);
        expect(server.listener.statistics().connectionsOpen).toBeLessThanOrEqual(16);
      }
      expect(server.listener.statistics().connectionsRefused.connections).toBe(0);
      expect(ends(server, "displaced")).toBeGreaterThan(150);
    },
    { connections: 16 },
  ));

test("connections: where all are busy one too many is closed at once, and served after", () =>
  withServer(
    async (server) => {
      const busy = await bound(server);
      await busy.send(request(hold));
      const complete = await server.held.next();
      const late = await server.client();
      expect(await late.pdu()).toBe("end");
      expect(server.listener.statistics().connectionsRefused.connections).toBe(1);
      complete({ kind: "response", stub: octets("aa") });
      expect(await busy.pdu()).toBe(responseText(1, octets("aa")));
      busy.close();
      await until(() => server.listener.statistics().connectionsOpen === 0);
      await expectService(server);
    },
    { connections: 1 },
  ));

test("connections per address", () =>
  withServer(
    async (server) => {
      await bound(server);
      await bound(server);
      expect(await (await server.client()).pdu()).toBe("end");
      expect(server.listener.statistics().connectionsRefused.perAddress).toBe(1);
      // With too many of its own it displaces nobody either.
      expect(server.listener.statistics().connectionsOpen).toBe(2);
    },
    { connectionsPerAddress: 2, connections: 2 },
  ));

/** Lines of the log, each as its message and fields. */
type Said = (readonly [message: string, fields: Readonly<Record<string, unknown>>])[];

test("who is refused is said, once a second for each reason, and how often it was not said", () => {
  const said: Said = [];
  let now = 1_000_000;
  return withServer(
    async (server) => {
      const refused = () => server.listener.statistics().connectionsRefused.admission;
      for (let count = 1; count <= 5; count += 1) {
        await server.client();
        await until(() => refused() === count);
      }
      now += 1000;
      await server.client();
      await until(() => said.length === 2);
      const message = "connection refused: rpc.admit, allow and deny do not let it in";
      expect(said).toEqual([
        [message, { address: "127.0.0.1" }],
        [message, { address: "127.0.0.1", suppressed: 4 }],
      ]);
    },
    {},
    {
      // A network with public addresses, as most of them are not.
      admit: (address) => addressAdmission(publicOnly, [])(address),
      clock: () => now,
      log: (level, message, fields) => {
        if (level === "warning") said.push([message, fields]);
      },
    },
  );
});

test("limits are said by the setting that moves them", () => {
  const said: Said = [];
  return withServer(
    async (server) => {
      await bound(server);
      expect(await (await server.client()).pdu()).toBe("end");
      const limit = { setting: "rpc.limits.connections_per_address", limit: 1 };
      expect(said).toEqual([
        ["connection refused: too many from one address", { address: "127.0.0.1", ...limit }],
      ]);
    },
    { connectionsPerAddress: 1 },
    { log: (_level, message, fields) => said.push([message, fields]) },
  );
});

test("an address that is not admitted", () => {
  const asked: string[] = [];
  const admit = (address: string): boolean => {
    asked.push(address);
    return false;
  };
  return withServer(
    async (server) => {
      expect(await (await server.client()).pdu()).toBe("end");
      expect(asked).toEqual(["127.0.0.1"]);
      expect(server.listener.statistics().connectionsRefused.admission).toBe(1);
    },
    {},
    { admit },
  );
});

test("a fault that ends the connection arrives although more was on its way", () =>
  withServer(async (server) => {
    const peer = await bound(server);
    const wrong = request(addOne, u32(1), { flags: 0, callId: 9 });
    await peer.send(wrong, ...Array(100).fill(request(echoData, new Uint8Array(5000))));
    expect(await peer.pdu()).toBe(faultText(9, PROTOCOL_ERROR));
    expect(await peer.pdu()).toBe("end");
    expect(server.listener.statistics().calls).toBe(0);
  }));
