/**
 * The name server with a zone file, for `scripts/bench/zone.ts`: `bun zone-server.ts FILE`, through
 * everything that an appliance does with it. Prints what that took, and its port, as JSON.
 */
import { loadConfiguration } from "../../src/config/load.ts";
import { readZonePlan } from "../../src/config/zone-data.ts";
import { literalName } from "../../src/dns/name.ts";
import { Publication } from "../../src/dns/publication.ts";
import { listenDns } from "../../src/dns/server.ts";
import { ZoneKeeper } from "../../src/dns/update/zone-keeper.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { ok } from "../../src/platform/result.ts";

const [path = ""] = process.argv.slice(2);
const text = `[appliance]
name = "box"
[dns]
listen = ["127.0.0.1:0"]
zones = ["kms.test"]
addresses = ["192.0.2.1", "2001:db8::1"]
[[dns.zone_file]]
zone = "kms.test"
path = "${path}"
`;
const surroundings = { environment: {}, settings: [], hostName: "box", baseDirectory: "/" };
const loaded = loadConfiguration({ text, ...surroundings });
if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
const { dns } = loaded.value.configuration;

const server = await listenDns({
  listen: dns.listen,
  limits: dns.limits,
  clock: systemClock,
  randomBytes: systemRandomBytes,
});
const keeper = new ZoneKeeper({
  storage: { load: async () => ({ sets: [], serials: [] }), commit: async () => ok(undefined) },
  host: literalName(dns.host),
  clock: systemClock,
  setZones: (zones) => server.setZones(zones),
});
await keeper.load();

Bun.gc(true);
const emptyOctets = process.memoryUsage.rss();
const start = performance.now();
/** The longest time without a pause: how long a query may wait while a reload runs. */
let longestMs = 0;
let last = start;
const pause = (): void => {
  const now = performance.now();
  longestMs = Math.max(longestMs, now - last);
  last = now;
};
const steps = readZonePlan(dns);
let step = steps.next();
while (step.done !== true) {
  pause();
  step = steps.next();
}
const plan = step.value;
if (!plan.ok) throw new Error(plan.error[0]?.what);
const readMs = performance.now() - start;
pause();
const publication = new Publication({
  zones: plan.value,
  firstSerial: 1,
  setZones: (zones) => keeper.setFixed(zones),
});
const facts = () => ({
  addresses: dns.addresses ?? [],
  publish: { priority: 0, weight: 0, ports: [1688] },
});
const mistakes = await publication.replace(plan.value, facts, async () => pause());
if (mistakes.length > 0) throw new Error(mistakes[0]?.what);
pause();
const loadMs = performance.now() - start;
Bun.gc(true);
const report = {
  port: server.endpoints[0]?.port,
  readMs,
  loadMs,
  longestMs,
  mebibytes: (process.memoryUsage.rss() - emptyOctets) / 1024 ** 2,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
