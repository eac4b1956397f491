/** IPv4 and IPv6 alike, on every listener (HOST-11). */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { configurationText, runClient, ZONE } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

const [IPV4, IPV6] = ["127.0.0.1", "::1"] as const;

/** A client activates by each listener's address, found by each name server; status by each. */
async function useEverything({ listening }: RunningAppliance): Promise<void> {
  const ways = [
    ...listening.rpc.map((rpc) => ["--server", formatEndpoint(rpc)]),
    ...listening.dns.map((dns) => ["--domain", ZONE, "--dns", formatEndpoint(dns)]),
  ];
  for (const [index, way] of ways.entries()) {
    const { exitCode, report } = await runClient([...way, "--name", `PC-${index}`]);
    // 10: answered, with a count below the threshold.
    expect({ way, exitCode, count: report.count }).toEqual({ way, exitCode: 10, count: index + 1 });
  }
  for (const endpoint of listening.http) {
    const response = await fetch(`http://${formatEndpoint(endpoint)}/status`);
    expect(await response.json()).toMatchObject({ count: ways.length });
  }
}

for (const [title, addresses] of [
  ["IPv4 only", [IPV4]],
  ["IPv6 only", [IPV6]],
  ["dual stack", [IPV4, IPV6]],
  ["dual stack, IPv6 first", [IPV6, IPV4]],
] as const) {
  describe(title, () => {
    test("every listener serves, and says where", async () => {
      const listen = addresses.map((address) => formatEndpoint({ address, port: 0 }));
      const appliance = await startExecutable({
        configuration: configurationText({
          rpc: { listen },
          dns: { listen, zones: [ZONE] },
          http: { listen },
        }),
      });
      try {
        for (const part of ["rpc", "dns", "http"] as const) {
          expect(appliance.listening[part].map(({ address }) => address)).toEqual([...addresses]);
          expect(appliance.listening[part].every(({ port }) => port > 0)).toBe(true);
        }
        await useEverything(appliance);
      } finally {
        await appliance.stop();
      }
    });
  });
}
