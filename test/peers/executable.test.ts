/** The compiled executable as other people's programs see it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { peerTest, pythonPeer } from "../support/peers.ts";
import {
  configurationText,
  discoveryFlags,
  getItems,
  only,
  runBeside,
  runClient,
  ZONE,
} from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);

let appliance: RunningAppliance;
beforeAll(async () => {
  executable();
  const listen = ["127.0.0.1:0", "[::1]:0"];
  appliance = await startExecutable({
    configuration: configurationText({
      rpc: { listen: ["127.0.0.1:0"] },
      dns: { listen, zones: [ZONE], addresses: ["127.0.0.1", "::1"], priority: 5, weight: 10 },
      http: { listen },
    }),
  });
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(() => appliance.stop());

async function output(program: string, ...parameters: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBeside(program, parameters);
  if (exitCode !== 0) throw new Error(`${program}: ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}

describe("discovery", () => {
  const ask = (program: string, ...rest: readonly string[]) =>
    Promise.all(
      appliance.listening.dns.flatMap(({ address, port }) =>
        ["+notcp", "+tcp"].map((transport) =>
          output(program, `@${address}`, "-p", `${port}`, transport, "+short", ...rest),
        ),
      ),
    );

  for (const program of ["dig", "kdig"]) {
    peerTest([program], `${program}: SRV with the live port, A and AAAA (DNS-1)`, async (path) => {
      const { port } = only(appliance.listening.rpc);
      const srv = `5 10 ${port} box.${ZONE}.\n`;
      expect(await ask(path, "SRV", `_vlmcs._tcp.${ZONE}`)).toEqual([srv, srv, srv, srv]);
      expect(new Set(await ask(path, "A", `box.${ZONE}`))).toEqual(new Set(["127.0.0.1\n"]));
      expect(new Set(await ask(path, "AAAA", `box.${ZONE}`))).toEqual(new Set(["::1\n"]));
      expect(new Set(await ask(path, "SRV", `_vlmcs._tcp.nothing.${ZONE}`))).toEqual(new Set([""]));
    });
  }

  peerTest(["dig"], "dig: the target's addresses come along", async (dig) => {
    const { address, port } = only(appliance.listening.dns);
    const flags = [`@${address}`, "-p", `${port}`, "+noall", "+additional"];
    const lines = (await output(dig, ...flags, "SRV", `_vlmcs._tcp.${ZONE}`)).trim().split("\n");
    expect(lines.map((line) => line.split(/\s+/).slice(3).join(" ")).toSorted()).toEqual([
      "A 127.0.0.1",
      "AAAA ::1",
    ]);
  });
});

peerTest(["curl"], "curl: status, readiness and the figures, by IPv4 and IPv6", async (curl) => {
  const report = await runClient([...discoveryFlags(appliance), "--name", "CURLED"]);
  expect(report.exitCode).toBe(10);
  for (const endpoint of appliance.listening.http) {
    const get = (path: string) =>
      output(curl, "--silent", "--noproxy", "*", `http://${formatEndpoint(endpoint)}${path}`);
    const status = JSON.parse(await get("/status"));
    expect(status).toMatchObject({ cacheCapacity: 50, requests: { failed: 0 } });
    expect(status.count).toBeGreaterThan(0);
    expect(JSON.parse(await get("/readyz"))).toMatchObject({ ready: true });
    expect(await get("/metrics")).toMatch(/^muster_counted_clients\{.*\} [1-9]/m);
  }
});

type StubVectors = {
  readonly requests: readonly { readonly name: string; readonly stub: string }[];
};

const impacket = pythonPeer("impacket");
test.skipIf(impacket === undefined)("impacket: Activate, whole and in fragments", async () => {
  const path = join(import.meta.dir, "../vectors/protocol/stub.json");
  const vectors = JSON.parse(readFileSync(path, "utf8")) as StubVectors;
  const stub = vectors.requests.find(({ name }) => name.startsWith("99 octets"))?.stub ?? "";
  const script = join(import.meta.dir, "impacket-activate.py");
  const { port } = only(appliance.listening.rpc);
  const [{ count: before = 0 } = {}] = await getItems(
    appliance,
    "/api/v1/events?limit=1&code=12290",
  );
  const answers = JSON.parse(await output(impacket ?? "", script, `${port}`, stub));
  // One client, however often it asks: the second answer counts as the first.
  const answer = { hresult: 0, octets: 104, count: Number(before) + 1 };
  expect(answers).toEqual([answer, answer]);
  const [event] = await getItems(appliance, "/api/v1/events?limit=1&code=12290");
  expect(event).toMatchObject({ machineName: "LAB-PC-00000001", result: "0x00000000" });
});
