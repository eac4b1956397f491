/** Discovery as the executable offers it. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import { join } from "node:path";
import { lookupSrv } from "../../src/dns/resolver.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { fuzzByTcp, fuzzByUdp } from "../support/dns-fuzz.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import {
  configurationText,
  discoveryFlags,
  getStatus,
  only,
  runBeside,
  runClient,
  serverFlags,
  ZONE,
} from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

type Sections = Parameters<typeof configurationText>[0];

async function withAppliance(
  sections: Sections,
  run: (appliance: RunningAppliance) => Promise<void>,
): Promise<void> {
  const appliance = await startExecutable({ configuration: configurationText(sections) });
  try {
    await run(appliance);
    expect(appliance.stderr()).not.toContain('"level":"error"');
  } finally {
    await appliance.stop();
  }
}

async function discover(server: Endpoint, zone = ZONE) {
  const name = `_vlmcs._tcp.${zone}`;
  const randomBytes = systemRandomBytes;
  const found = await lookupSrv({ server, name, timeoutMs: 5000, randomBytes });
  return found.ok ? found.value : found.error.code;
}

const listen = ["127.0.0.1:0"];

describe("publication", () => {
  test("carries the live port, after each start anew (DNS-4)", async () => {
    for (let start = 0; start < 2; start += 1) {
      await withAppliance({}, async ({ listening }) => {
        expect(await discover(only(listening.dns))).toEqual([
          {
            priority: 0,
            weight: 0,
            port: only(listening.rpc).port,
            target: `box.${ZONE}`,
            addresses: ["127.0.0.1"],
          },
        ]);
      });
    }
  });

  test("is in every zone, with priority and weight (DNS-1, DNS-2)", async () => {
    const dns = { listen, zones: ["lab.test", "other.test"], priority: 7, weight: 30 };
    await withAppliance({ dns }, async ({ listening }) => {
      for (const zone of dns.zones) {
        const [host, ...others] = await discover(only(listening.dns), zone);
        expect(others).toEqual([]);
        expect(host).toMatchObject({ priority: 7, weight: 30, target: `box.${ZONE}` });
      }
    });
  });

  test("is withdrawn when a drain has begun, and back when it has ended (HOST-12, DNS-4)", async () => {
    await withAppliance({}, async (appliance) => {
      const { listening, directory } = appliance;
      const drain = (...words: readonly string[]) =>
        runBeside(executable(), ["drain", ...words, "--config", join(directory, "appliance.toml")]);
      const begun = await drain("--for", "1h");
      expect([begun.exitCode, begun.stderr]).toEqual([0, ""]);
      expect(await discover(only(listening.dns))).toBe("nxdomain");
      const refused = await runClient(serverFlags(appliance));
      expect(refused.report.result).toBe("0x800700aa");
      expect((await drain("--end")).exitCode).toBe(0);
      expect(await discover(only(listening.dns))).toHaveLength(1);
    });
  });

  test("can be switched off; the host still serves (DNS-5)", async () => {
    const dns = { listen, zones: [ZONE], publish: false };
    await withAppliance({ dns }, async (appliance) => {
      expect(await discover(only(appliance.listening.dns))).toBe("nxdomain");
      expect(await getStatus(appliance)).toMatchObject({
        dns: { enabled: true, publishing: false },
      });
      const lost = await runClient([...discoveryFlags(appliance), "--name", "PC-1"]);
      expect([lost.exitCode, lost.report.server]).toEqual([12, null]);
      expect(lost.report.reason).toContain(`_vlmcs._tcp.${ZONE} does not exist`);
      const served = await runClient([...serverFlags(appliance), "--name", "PC-1"]);
      expect([served.exitCode, served.report.count]).toEqual([10, 1]);
    });
  });

  test("the name server can be switched off altogether", async () => {
    await withAppliance({ dns: { enabled: false } }, async (appliance) => {
      expect(appliance.listening.dns).toEqual([]);
      expect(await getStatus(appliance)).toMatchObject({ dns: { enabled: false } });
    });
  });
});

/** Sends datagrams and waits for nothing but their leaving. */
async function sendDatagrams(server: Endpoint, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket("udp4");
  for (const datagram of datagrams) {
    await new Promise<void>((resolve) => {
      socket.send(datagram, server.port, server.address, () => resolve());
    });
  }
  socket.close();
}

/** Sends octets by TCP and waits for the server to end the connection. */
function sendStream({ address, port }: Endpoint, octets: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port }, () => socket.end(octets));
    socket.resume().on("error", () => {});
    socket.on("close", () => resolve());
  });
}

/** A query for the SRV records, with its counts and its name as given. */
function message(counts: string, name: string): Uint8Array {
  return Uint8Array.fromHex(`12340100${counts}${name}00210001`);
}

const ONE_QUESTION = "0001000000000000";
const MALFORMED: readonly Uint8Array[] = [
  new Uint8Array(),
  Uint8Array.of(0),
  new Uint8Array(11),
  message("ffffffffffffffff", "00"),
  // A pointer to itself, one forward, one out of the message, and two in a circle.
  message(ONE_QUESTION, "c00c"),
  message(ONE_QUESTION, "c00e00"),
  message(ONE_QUESTION, "ffff"),
  message(ONE_QUESTION, "c00ec00c"),
  // A label of a type that is no more, and a name that does not end.
  message(ONE_QUESTION, "8061"),
  message(ONE_QUESTION, "3f61"),
  // A reply: answering it would begin a conversation of two servers.
  Uint8Array.fromHex("1234818000010000000000000000210001"),
  new Uint8Array(65_000).fill(0xff),
];

describe("malformed messages", () => {
  test("by datagram and by stream harm nobody", () =>
    withAppliance({}, async (appliance) => {
      const dns = only(appliance.listening.dns);
      await sendDatagrams(dns, MALFORMED);
      const length = (size: number) => Uint8Array.of(size >> 8, size & 0xff);
      const streams = MALFORMED.map((octets) => [...length(octets.length), ...octets]);
      const liars = [[0xff, 0xff], [0xff, 0xff, 1, 2, 3], [0], [0, 0, 0, 0]];
      for (const stream of [...streams, ...liars]) {
        await sendStream(dns, Uint8Array.from(stream));
      }
      expect(await discover(dns)).toHaveLength(1);
      const { exitCode } = await runClient([...discoveryFlags(appliance), "--name", "PC-1"]);
      expect(exitCode).toBe(10);
    }));

  test("spoilt at random are answered one by one (RFC 8906)", () =>
    withAppliance({}, async (appliance) => {
      const dns = only(appliance.listening.dns);
      await fuzzByUdp(dns, 1500, 3);
      await fuzzByTcp(dns, 1500, 4);
      expect(await discover(dns)).toHaveLength(1);
    }));
});
