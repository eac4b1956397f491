/**
 * The executable under hundreds of peers that mean no good, while others activate: the short form
 * of scripts/bench/hostile.ts. What it cost is measured there.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { connect as connectSocket, type Socket } from "node:net";
import { encodeRequest } from "../../src/protocol/request.ts";
import { encodeInStub } from "../../src/protocol/stub.ts";
import { bind, context, joined, MGMT, NDR32, octets, request, type Syntax } from "../rpc/octets.ts";
import { RawClient } from "../rpc/raw-client.ts";
import { ask, newRequest } from "../support/callers.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { configurationText, get, getStatus, only, waitFor } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
const TEST_MILLISECONDS_MAXIMUM = 60_000;
const ACTIVATION: Syntax = ["ea6fc547-3cd9-4d4d-824f-02c7678d2ad5", 1];
const BIND = bind([context(0, ACTIVATION, NDR32)]);
const PEERS = 400;
/** Fewer than there is room for: a client that comes with them is not the longest there. */
const BATCH = 100;
const CONNECTIONS = 300;
const PER_ADDRESS = 120;
const DENIED = "127.0.0.99";

let appliance: RunningAppliance;
beforeAll(async () => {
  executable();
  appliance = await startExecutable({
    configuration: configurationText({
      rpc: {
        listen: ["127.0.0.1:0"],
        deny: [`${DENIED}/32`],
        limits: {
          connections: CONNECTIONS,
          connections_per_address: PER_ADDRESS,
          bind_seconds: 2,
          request_seconds: 2,
        },
      },
    }),
  });
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(async () => {
  expect(await appliance.stop()).toBe(0);
  expect(appliance.stderr()).not.toMatch(/"level":"error"/);
});

const rpc = () => only(appliance.listening.rpc);

/** Connections from addresses of their own; they stay open until they are ended. */
class Crowd {
  readonly sockets: Socket[] = [];

  /**
   * From `addresses` addresses, 127.0.0.2 and up, in turn; some at a time, and others ask in
   * between. Resolves when each was let in or turned away.
   */
  async gather(addresses: number, says: Uint8Array, between: () => Promise<void>): Promise<void> {
    while (this.sockets.length < PEERS) {
      const batch = Array.from({ length: BATCH }, () => this.#join(addresses, says));
      await between();
      await Promise.all(batch);
    }
  }

  #join(addresses: number, says: Uint8Array): Promise<void> {
    const { address: host, port } = rpc();
    const localAddress = `127.0.0.${2 + (this.sockets.length % addresses)}`;
    const socket = connectSocket({ host, port, localAddress });
    this.sockets.push(socket);
    // What is refused or displaced is reset.
    socket.on("error", () => {});
    return new Promise((resolve) => {
      socket.on("close", () => resolve());
      socket.on("connect", () => {
        if (says.length > 0) socket.write(says);
        resolve();
      });
    });
  }

  leave(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }
}

/** `muster_rpc_connections_NAME` of /metrics, by reason; 0 where there is none. */
async function figure(name: string, reason: string): Promise<number> {
  const text = await (await get(appliance, "/metrics")).text();
  const line = new RegExp(`^muster_rpc_connections_${name}_total{reason="${reason}"} (\\d+)$`, "m");
  return Number(line.exec(text)?.[1] ?? 0);
}

async function connectionsOpen(): Promise<number> {
  return (await getStatus(appliance)).rpc.connections;
}

function descriptors(): number {
  return readdirSync(`/proc/${appliance.processId}/fd`).length;
}

async function expectService(): Promise<void> {
  for (let count = 0; count < 5; count += 1) {
    expect((await ask(rpc(), newRequest())).hresult).toBe(0);
  }
}

const pour = (count: number, pdu: Uint8Array) => joined(...Array<Uint8Array>(count).fill(pdu));

const CROWDS: readonly (readonly [title: string, addresses: number, says: Uint8Array])[] = [
  ["silent, from one address", 1, octets("")],
  ["silent, from five addresses", 5, octets("")],
  ["with half a bind", 5, BIND.slice(0, 36)],
  ["bound, then silent", 5, BIND],
  ["with half an activation", 5, joined(BIND, pour(1, activation()).slice(0, 60))],
  ["asking without end, never reading", 5, joined(bind([context(0, MGMT, NDR32)]), greed())],
];

function activation(): Uint8Array {
  return request(0, encodeInStub(encodeRequest(newRequest())));
}

/** Questions whose answers are larger than they are. */
function greed(): Uint8Array {
  return pour(5000, request(0));
}

describe(`${PEERS} peers: others are served, and everything comes back`, () => {
  for (const [title, addresses, says] of CROWDS) {
    test(
      title,
      async () => {
        await expectService();
        const before = process.platform === "linux" ? descriptors() : 0;
        const crowd = new Crowd();
        await crowd.gather(addresses, says, expectService);
        await expectService();
        expect(await connectionsOpen()).toBeLessThanOrEqual(CONNECTIONS);
        crowd.leave();
        await waitFor("no connection", async () => (await connectionsOpen()) === 0 || undefined);
        if (process.platform === "linux") {
          // The connection of the client that asks for the status comes and goes.
          await waitFor("descriptors", () => descriptors() <= before + 4 || undefined);
        }
        await expectService();
      },
      TEST_MILLISECONDS_MAXIMUM,
    );
  }

  test("what was refused and ended is counted by its reason", async () => {
    expect(await figure("refused", "perAddress")).toBeGreaterThanOrEqual(PEERS - PER_ADDRESS);
    expect(await figure("ended", "displaced")).toBeGreaterThanOrEqual(PEERS - CONNECTIONS);
    expect(await figure("refused", "connections")).toBe(0);
    expect(appliance.stderr()).toContain('"connection refused: too many from one address"');
    expect(appliance.stderr()).toContain('"connection ended: its place was needed for another"');
  });

  test(
    "an octet at a time: cut off when the time of the bind is up",
    async () => {
      const cut = await figure("ended", "bind");
      const clients = await Promise.all(
        Array.from({ length: 50 }, () => RawClient.connect(rpc().port)),
      );
      const trickles = clients.map(async (client) => {
        for (let at = 0; await client.send(BIND.slice(at % 70, (at % 70) + 1)); at += 1) {
          await Bun.sleep(100);
        }
      });
      await expectService();
      await Promise.all(trickles);
      for (const client of clients) client.close();
      expect((await figure("ended", "bind")) - cut).toBe(50);
    },
    TEST_MILLISECONDS_MAXIMUM,
  );
});

test("an address that is denied: closed at once, counted, and said", async () => {
  const { address: host, port } = rpc();
  const socket = connectSocket({ host, port, localAddress: DENIED });
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.on("close", () => resolve()));
  expect(await figure("refused", "admission")).toBe(1);
  await waitFor(
    "the line",
    () => appliance.stderr().includes(`"address":"${DENIED}"`) || undefined,
  );
  expect(appliance.stderr()).toContain("rpc.admit, allow and deny do not let it in");
});

describe("few descriptors", () => {
  const isLinux = process.platform === "linux";
  const hasPrlimit = isLinux && spawnSync("prlimit", ["--version"]).status === 0;

  test.if(hasPrlimit)(
    "connections are cut to what they allow, it is said, and a flood is survived (Linux, prlimit)",
    async () => {
      const few = await startExecutable({
        configuration: configurationText({
          rpc: { listen: ["127.0.0.1:0"] },
          dns: { enabled: false },
        }),
        wrapper: ["prlimit", "--nofile=200:200"],
      });
      expect(few.stderr()).toContain("fewer connections than configured: open files are limited");
      expect(few.stdout()).toContain("200 open files are allowed (ulimit -n)");
      const { address: host, port } = only(few.listening.rpc);
      const sockets = Array.from({ length: 400 }, (_, index) => {
        const socket = connectSocket({ host, port, localAddress: `127.0.0.${2 + (index % 8)}` });
        socket.on("error", () => {});
        return socket;
      });
      const settled = sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.on("connect", () => resolve());
            socket.on("close", () => resolve());
          }),
      );
      await Promise.all(settled);
      for (let count = 0; count < 5; count += 1) {
        expect((await ask(only(few.listening.rpc), newRequest())).hresult).toBe(0);
      }
      const { rpc: report } = await getStatus(few);
      expect(report.connections).toBeLessThan(200);
      for (const socket of sockets) socket.resetAndDestroy();
      expect(await few.stop()).toBe(0);
      expect(few.stderr()).not.toMatch(/EMFILE|too many open files|"level":"error"/i);
    },
    TEST_MILLISECONDS_MAXIMUM,
  );
});

test("one of two ports taken: by on_bind_failure the other serves, and it is said", async () => {
  const taken = only(appliance.listening.rpc);
  const second = await startExecutable({
    configuration: configurationText({
      rpc: {
        listen: [`127.0.0.1:${taken.port}`, "127.0.0.2:0"],
        on_bind_failure: "continue",
      },
    }),
  });
  const open = only(second.listening.rpc);
  expect(second.listening.rpc).toHaveLength(1);
  expect(open.address).toBe("127.0.0.2");
  expect((await ask(open, newRequest())).hresult).toBe(0);
  const status = await getStatus(second);
  expect(status.rpc).toMatchObject({ serving: true, endpoints: [`127.0.0.2:${open.port}`] });
  const line = second
    .stderr()
    .split("\n")
    .find((text) => text.includes("cannot listen"));
  expect(JSON.parse(line ?? "{}")).toMatchObject({
    level: "warning",
    part: "rpc",
    endpoint: `127.0.0.1:${taken.port}`,
    code: "EADDRINUSE",
  });
  expect(second.stdout()).toContain(
    `note: rpc does not listen on 127.0.0.1:${taken.port}: EADDRINUSE`,
  );
  expect(await second.stop()).toBe(0);
});
