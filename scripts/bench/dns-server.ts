/** The name server alone, for measuring: `bun dns-server.ts PORT`; prints READY when it answers. */
import { buildApplianceZones } from "../../src/dns/appliance-zones.ts";
import { DEFAULT_DNS_LIMITS } from "../../src/dns/limits.ts";
import { listenDns } from "../../src/dns/server.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";

const port = Number(process.argv[2]);
const zones = buildApplianceZones({
  zones: ["kms.test"],
  host: "kms01",
  addresses: ["192.0.2.1", "2001:db8::1"],
  ttl: 3600,
  serial: 1,
  publish: { priority: 0, weight: 0, ports: [1688] },
});
if (!zones.ok) throw new Error(zones.error[0]?.what);
const server = await listenDns({
  listen: [{ address: "127.0.0.1", port }],
  limits: DEFAULT_DNS_LIMITS,
  clock: systemClock,
  randomBytes: systemRandomBytes,
});
server.setZones(zones.value);
process.stdout.write("READY\n");
