import { describe, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import fc from "fast-check";
import { connectRpc, type RpcCaller, type RpcConnectOptions } from "../../src/rpc/caller.ts";
import { CallerConnection } from "../../src/rpc/caller-connection.ts";
import { uuidFrom } from "../../src/rpc/uuid.ts";
import { ECHO_OPERATION } from "./echo-interface.ts";
import {
  bind,
  bindAckText,
  bindNakText,
  context,
  ECHO,
  faultText,
  hex,
  joined,
  NDR32,
  octets,
  pdu,
  request,
  responseText,
  TYPE,
  u32,
} from "./octets.ts";
import { cutAt } from "./stream-harness.ts";
import { withServer } from "./test-server.ts";

const { addOne, echoData, hold, objectUuid, sourceData } = ECHO_OPERATION;
const ECHO_SYNTAX = { uuid: uuidFrom(ECHO[0]), versionMajor: 1, versionMinor: 0 };
const OBJECT = "01020304-0506-0708-090a-0b0c0d0e0f10";

function options(port: number, more: Partial<RpcConnectOptions> = {}): RpcConnectOptions {
  return {
    host: "127.0.0.1",
    port,
    timeoutMs: 3000,
    interfaceUuid: ECHO[0],
    versionMajor: 1,
    versionMinor: 0,
    ...more,
  };
}

async function connected(port: number, more: Partial<RpcConnectOptions> = {}): Promise<RpcCaller> {
  const caller = await connectRpc(options(port, more));
  if (!caller.ok) throw new Error(JSON.stringify(caller.error));
  return caller.value;
}

async function response(caller: RpcCaller, opnum: number, stub: Uint8Array): Promise<string> {
  const result = await caller.call(opnum, stub);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.kind === "response" ? hex(result.value.stub) : JSON.stringify(result.value);
}

describe("against our own server", () => {
  test("a call and its reply", () =>
    withServer(async ({ port }) => {
      const caller = await connected(port);
      expect(await response(caller, addOne, u32(41))).toBe("2a000000");
      expect(caller.usable()).toBe(true);
      caller.close();
      expect(caller.usable()).toBe(false);
      const error = { kind: "closed", by: "caller" } as const;
      expect(await caller.call(addOne, u32(1))).toEqual({ ok: false, error });
    }));

  test("stubs larger than a fragment, both ways, in both byte orders", () =>
    withServer(async ({ port }) => {
      const data = Uint8Array.from({ length: 20_000 }, (_, index) => index * 7);
      const little = await connected(port);
      const stub = joined(u32(data.length), u32(data.length), data);
      expect(await response(little, echoData, stub)).toBe(hex(stub.slice(4)));
      const big = await connected(port, { littleEndian: false });
      const bigStub = joined(u32(data.length, "big"), u32(data.length, "big"), data);
      expect(await response(big, echoData, bigStub)).toBe(hex(stub.slice(4)));
      little.close();
      big.close();
    }));

  test("a request larger than the socket's buffer", () =>
    withServer(
      async ({ port }) => {
        const length = 6 * 1024 * 1024;
        const data = Uint8Array.from({ length }, (_, index) => index * 11);
        const caller = await connected(port, { replyOctetsMax: length + 4 });
        const stub = joined(u32(length), u32(length), data);
        const result = await caller.call(echoData, stub);
        if (!result.ok || result.value.kind !== "response") throw new Error("no response");
        expect(Buffer.compare(result.value.stub, stub.subarray(4))).toBe(0);
        caller.close();
      },
      { requestOctets: 8 * 1024 * 1024 },
    ));

  test("calls that overlap each get their own reply", () =>
    withServer(async ({ port }) => {
      const caller = await connected(port);
      const stubs = Array.from({ length: 100 }, (_, index) => u32(index));
      const replies = await Promise.all(stubs.map((stub) => response(caller, addOne, stub)));
      expect(replies).toEqual(stubs.map((_, index) => hex(u32(index + 1))));
      caller.close();
    }));

  test("an object UUID, and a fault as an outcome", () =>
    withServer(async ({ port }) => {
      const caller = await connected(port);
      const result = await caller.call(objectUuid, octets(""), { objectUuid: OBJECT });
      expect(result).toMatchObject({ ok: true, value: { kind: "response", littleEndian: true } });
      if (result.ok && result.value.kind === "response") {
        expect(hex(result.value.stub)).toBe("0403020106050807090a0b0c0d0e0f10");
      }
      const fault = { kind: "fault", status: 0x1c010002, didNotExecute: true } as const;
      expect(await caller.call(99, octets(""))).toEqual({ ok: true, value: fault });
      caller.close();
    }));

  test("an interface that is not there", () =>
    withServer(async ({ port }) => {
      const rejection = { by: "context", result: 2, reason: 1 } as const;
      expect(await connectRpc(options(port, { versionMajor: 9 }))).toEqual({
        ok: false,
        error: { kind: "rejected", rejection },
      });
    }));

  test("a reply larger than it takes", () =>
    withServer(async ({ port }) => {
      const caller = await connected(port, { replyOctetsMax: 10_000 });
      const result = await caller.call(sourceData, u32(10_001));
      const error = { kind: "protocolError", detail: "reply too large" } as const;
      expect(result).toEqual({ ok: false, error });
      expect(caller.usable()).toBe(false);
    }));

  test("a call that takes too long ends with its connection", () =>
    withServer(async ({ port, held, listener }) => {
      const caller = await connected(port);
      const late = caller.call(hold, octets(""), { timeoutMs: 20 });
      const beside = caller.call(addOne, u32(1));
      const error = { kind: "timeout", during: "call" } as const;
      expect(await late).toEqual({ ok: false, error });
      expect(await beside).toEqual({ ok: false, error });
      expect(held.count).toBe(1);
      expect(listener.statistics().callsInFlight).toBeLessThanOrEqual(2);
    }));
});

type Script = (socket: Socket<undefined>, received: string) => void;

/** A server that is not ours: `script` sees each segment as hexadecimal text. */
async function beside(script: Script, body: (port: number) => Promise<void>): Promise<void> {
  const server: TCPSocketListener<undefined> = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    data: undefined,
    socket: { data: (socket, segment) => script(socket, hex(segment)) },
  });
  try {
    await body(server.port);
  } finally {
    server.stop(true);
  }
}

const ACK = octets(bindAckText("1688", ["accepted"]).replaceAll("?", "1"));
const isBind = (text: string): boolean => text.startsWith("05000b");

describe("against servers that are not ours", () => {
  test("HOST-4 its bind is these 72 octets", async () => {
    let seen = "";
    await beside(
      (socket, text) => {
        seen = text;
        socket.write(ACK);
      },
      async (port) => (await connected(port)).close(),
    );
    expect(seen).toBe(hex(bind([context(0, ECHO, NDR32)])));
    expect(seen).toHaveLength(144);
    expect(ACK).toHaveLength(60);
  });

  test("P0-64 requests are cut to what the server takes", async () => {
    const small = octets(
      bindAckText("1688", ["accepted"], { fragmentMax: 2048 }).replaceAll("?", "1"),
    );
    const lengths: number[] = [];
    let pending = Buffer.alloc(0);
    await beside(
      (socket, text) => {
        if (isBind(text)) {
          socket.write(small);
          return;
        }
        pending = Buffer.concat([pending, Buffer.from(text, "hex")]);
        while (pending.length >= 16 && pending.length >= pending.readUInt16LE(8)) {
          const length = pending.readUInt16LE(8);
          lengths.push(length);
          if (((pending[3] ?? 0) & 2) !== 0) socket.write(octets(responseText(2, octets("aa"))));
          pending = pending.subarray(length);
        }
      },
      async (port) => {
        const caller = await connected(port);
        expect(await response(caller, echoData, new Uint8Array(5000))).toBe("aa");
        caller.close();
      },
    );
    expect(lengths).toEqual([2048, 2048, 24 + 5000 - 2 * 2024]);
  });

  test("P0-61 a big-endian caller writes big-endian headers", async () => {
    const seen: string[] = [];
    await beside(
      (socket, text) => {
        seen.push(text);
        socket.write(isBind(text) ? ACK : octets(responseText(2, octets("aa"))));
      },
      async (port) => {
        const caller = await connected(port, { littleEndian: false });
        await response(caller, addOne, u32(1, "big"));
        caller.close();
      },
    );
    expect(seen).toEqual([
      hex(bind([context(0, ECHO, NDR32)], { order: "big" })),
      hex(request(addOne, u32(1, "big"), { order: "big", callId: 2 })),
    ]);
  });

  test("a big-endian reply says so", async () => {
    const stub = u32(7, "big");
    const body = joined(u32(4, "big"), octets("0000 0000"), stub);
    const reply = pdu(TYPE.response, body, { callId: 2, order: "big" });
    await beside(
      (socket, text) => socket.write(isBind(text) ? ACK : reply),
      async (port) => {
        const caller = await connected(port);
        const value = { kind: "response", stub: Buffer.from(stub), littleEndian: false } as const;
        expect(await caller.call(addOne, u32(6))).toEqual({ ok: true, value });
        caller.close();
      },
    );
  });

  test("a bind_nak", async () => {
    await beside(
      (socket) => socket.write(octets(bindNakText(1, 8))),
      async (port) => {
        const rejection = { by: "bindNak", reason: 8 } as const;
        const error = { kind: "rejected", rejection } as const;
        expect(await connectRpc(options(port))).toEqual({ ok: false, error });
      },
    );
  });

  test("silence, and a server that leaves", async () => {
    await beside(
      () => undefined,
      async (port) => {
        const error = { kind: "timeout", during: "connect" } as const;
        expect(await connectRpc(options(port, { timeoutMs: 20 }))).toEqual({ ok: false, error });
      },
    );
    await beside(
      (socket, text) => (isBind(text) ? socket.write(ACK) : socket.end()),
      async (port) => {
        const caller = await connected(port);
        const error = { kind: "closed", by: "server" } as const;
        expect(await caller.call(addOne, u32(1))).toEqual({ ok: false, error });
      },
    );
  });

  test("nobody", async () => {
    let port = 0;
    await beside(
      () => undefined,
      async (taken) => {
        port = taken;
      },
    );
    const error = { kind: "unreachable", code: "ECONNREFUSED" } as const;
    expect(await connectRpc(options(port))).toEqual({ ok: false, error });
  });

  const wrong: readonly (readonly [title: string, answer: Uint8Array, detail: string])[] = [
    ["another version", pdu(TYPE.response, octets(""), { version: [4, 0] }), "header: version"],
    ["a request", request(0, octets("")), "PDU type 0 out of place"],
    [
      "a reply to another call",
      octets(responseText(77, octets("aa"))),
      "response to no call of ours",
    ],
    ["a fault to another call", octets(faultText(77, 5)), "fault to no call of ours"],
    [
      "a middle without a first",
      pdu(TYPE.response, new Uint8Array(8), { callId: 2, flags: 0 }),
      "fragment out of place",
    ],
    [
      "no PDU at all",
      pdu(TYPE.response, octets(""), { fragLength: 3 }),
      "frag_length below its header",
    ],
    ["a fault cut short", pdu(TYPE.fault, octets("00000000"), { callId: 2 }), "fault cut short"],
  ];
  for (const [title, answer, detail] of wrong) {
    test(`broken rules: ${title}`, async () => {
      await beside(
        (socket, text) => socket.write(isBind(text) ? ACK : answer),
        async (port) => {
          const caller = await connected(port);
          const error = { kind: "protocolError", detail } as const;
          expect(await caller.call(addOne, u32(1))).toEqual({ ok: false, error });
        },
      );
    });
  }
});

describe("its core", () => {
  function events(segments: readonly Uint8Array[]): unknown[] {
    const connection = new CallerConnection({
      abstractSyntax: ECHO_SYNTAX,
      littleEndian: true,
      replyOctetsMax: 1000,
    });
    const seen: unknown[] = [];
    connection.bind();
    for (const segment of segments) {
      connection.receive(segment);
      for (let event = connection.next(); event !== undefined; event = connection.next()) {
        seen.push(JSON.parse(JSON.stringify(event)));
        if (event.kind === "bound") {
          for (let count = 0; count < 3; count += 1) connection.call(0, u32(1), undefined);
        }
      }
    }
    return seen;
  }

  const answers = fc.constantFrom(
    octets(responseText(2, u32(1))),
    octets(responseText(3, new Uint8Array(300))),
    pdu(TYPE.response, joined(octets("00000000 0000 0000"), u32(5)), { callId: 4, flags: 1 }),
    pdu(TYPE.response, joined(octets("00000000 0000 0000"), u32(6)), { callId: 4, flags: 2 }),
    octets(faultText(3, 5)),
    octets(bindNakText(1, 0)),
  );
  const streams = fc
    .tuple(
      fc.array(answers, { maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 2 }),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([list, changes, rest]) => {
      const stream = joined(ACK, ...list, rest);
      for (const [place, octet] of changes) stream[place % stream.length] = octet;
      return stream;
    });

  test("any stream, however it is cut, means the same and throws nothing", () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat({ max: 1000 })), (stream, places) => {
        expect(events(cutAt(stream, places))).toEqual(events([stream]));
      }),
      { numRuns: 400 },
    );
  });
});
