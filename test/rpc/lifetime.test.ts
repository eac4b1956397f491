import { describe, expect, test } from "bun:test";
import type { CallConnection, RpcCall, RpcInterface } from "../../src/rpc/interface.ts";
import { bind, context, ECHO, NDR32, octets, request, u32 } from "./octets.ts";
import { until, withServer } from "./test-server.ts";

const BIND = bind([context(0, ECHO, NDR32)]);

/** Keeps the connections that calls came on, and answers opnum 0 alone. */
function watchingInterface(seen: RpcCall[], closed: CallConnection[]): RpcInterface {
  return {
    name: "watching",
    uuid: ECHO[0],
    versionMajor: 1,
    versionMinor: 0,
    operationCount: 2,
    invoke: (call, complete) => {
      const { connection } = call;
      if (seen.every((earlier) => earlier.connection !== connection)) {
        connection.onClose(() => closed.push(connection));
      }
      seen.push(call);
      if (call.opnum === 0) complete({ kind: "response", stub: u32(0) });
    },
  };
}

describe("the connection of a call", () => {
  test("is one object for its calls, and another for another client", () => {
    const [seen, closed]: [RpcCall[], CallConnection[]] = [[], []];
    const options = { interfaces: [watchingInterface(seen, closed)] };
    return withServer(
      async ({ client }) => {
        const [one, other] = [await client(), await client()];
        await one.send(BIND, request(0), request(0, octets(""), { callId: 2 }));
        for (let pdus = 0; pdus < 3; pdus += 1) await one.pdu();
        await other.send(BIND, request(0));
        for (let pdus = 0; pdus < 2; pdus += 1) await other.pdu();
        const [first, second, third] = seen.map(({ connection }) => connection);
        expect(first === second).toBe(true);
        expect(first === third).toBe(false);
        expect(closed).toEqual([]);
      },
      {},
      options,
    );
  });

  const ends: readonly (readonly [string, (peer: { close(): void; shutdown(): void }) => void])[] =
    [
      ["is reset with a call under way", (peer) => peer.close()],
      ["has its last reply after the client's end", (peer) => peer.shutdown()],
    ];
  for (const [name, leave] of ends) {
    test(`says once that it is over when it ${name}`, () => {
      const [seen, closed]: [RpcCall[], CallConnection[]] = [[], []];
      const opnum = name.includes("under way") ? 1 : 0;
      return withServer(
        async ({ client, listener }) => {
          const peer = await client();
          await peer.send(BIND, request(opnum));
          await until(() => seen.length === 1);
          expect(closed).toEqual([]);
          leave(peer);
          await until(() => listener.statistics().connectionsOpen === 0);
          expect(closed).toEqual(seen.map(({ connection }) => connection));
          let late = 0;
          seen[0]?.connection.onClose(() => {
            late += 1;
          });
          expect(late).toBe(1);
        },
        {},
        { interfaces: [watchingInterface(seen, closed)] },
      );
    });
  }

  test("is over as soon as a fault that ends it is the last answer", () => {
    const [seen, closed]: [RpcCall[], CallConnection[]] = [[], []];
    return withServer(
      async ({ client }) => {
        const peer = await client();
        await peer.send(BIND, request(1), BIND);
        await until(() => closed.length === 1);
        expect(closed).toEqual(seen.map(({ connection }) => connection));
      },
      {},
      { interfaces: [watchingInterface(seen, closed)] },
    );
  });
});
