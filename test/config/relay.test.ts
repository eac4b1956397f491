import { describe, expect, test } from "bun:test";
import { loadConfiguration } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { DEFAULT_RELAY_LIMITS } from "../../src/relay/settings.ts";

function load(text: string) {
  const surroundings = { hostName: "box", baseDirectory: "/srv/lab" };
  return loadConfiguration({ text, environment: {}, settings: [], ...surroundings });
}

function relayOf(text: string) {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
  return loaded.value.configuration.relay;
}

function complaints(text: string): readonly string[] {
  const loaded = load(text);
  const problems = loaded.ok ? loaded.value.warnings : loaded.error;
  return problems.map((problem) => formatProblem(problem, "appliance.toml"));
}

const RELAY = '[relay]\nmode = "relay"\n';

describe("[relay]", () => {
  test("RELAY-1: observes unless told otherwise", () => {
    expect(relayOf("")).toEqual({
      mode: "observe",
      upstreams: [],
      discover: undefined,
      resolver: undefined,
      limits: DEFAULT_RELAY_LIMITS,
    });
  });

  test("hosts by name or address, in their order, with the port of HOST-1 where there is none", () => {
    const hosts = '["10.0.0.5:1700", "KMS.Corp.Example.", "[2001:DB8::5]:1688", "2001:db8::6"]';
    expect(relayOf(`${RELAY}upstreams = ${hosts}`).upstreams).toEqual([
      { host: "10.0.0.5", port: 1700 },
      { host: "kms.corp.example", port: 1688 },
      { host: "2001:db8::5", port: 1688 },
      { host: "2001:db8::6", port: 1688 },
    ]);
  });

  test("times and limits", () => {
    const text = "connect_seconds = 1\ncall_seconds = 2\nfailures = 4\nretry_seconds = 5\n";
    expect(relayOf(`[relay]\n${text}connections = 6`).limits).toMatchObject({
      connectMilliseconds: 1000,
      callMilliseconds: 2000,
      failures: 4,
      retryMilliseconds: 5000,
      connections: 6,
    });
  });

  test("a domain to look in, and whom to ask", () => {
    const text = `${RELAY}discover = "corp.example"\nresolver = "10.0.0.2:53"`;
    const resolver = { address: "10.0.0.2", port: 53 };
    expect(relayOf(text)).toMatchObject({ discover: "corp.example", resolver });
    expect(complaints(text)).toEqual([]);
  });
});

type Case = readonly [name: string, text: string, says: string];

const LOOP = "a relay that calls itself never ends; name your licensed host";
const HOST_HINT = 'write "10.0.0.5:1688", "[2001:db8::5]:1688" or "kms.corp.example:1688"';

const CASES: readonly Case[] = [
  [
    "RELAY-3: relaying to nobody",
    RELAY,
    "appliance.toml:2:1: relay.mode: there is no licensed host to relay to; name yours in relay.upstreams, or their domain in relay.discover",
  ],
  [
    "a look-up that nobody is asked for",
    `${RELAY}discover = "corp.example"`,
    "appliance.toml:3:1: relay.discover: nobody is named to ask; name the DNS server that answers for it in relay.resolver",
  ],
  [
    "this appliance, by loopback and the wildcard that it listens on",
    `${RELAY}upstreams = ["10.0.0.5", "127.0.0.1:1688"]`,
    `appliance.toml:3:26: relay.upstreams[1]: 127.0.0.1:1688 is this appliance itself; ${LOOP}`,
  ],
  [
    "this appliance, by the address that it listens on",
    `[rpc]\nlisten = ["[2001:db8::1]:1700"]\n${RELAY}upstreams = ["[2001:DB8:0::1]:1700"]`,
    `appliance.toml:5:14: relay.upstreams[0]: [2001:db8:0::1]:1700 is this appliance itself; ${LOOP}`,
  ],
  [
    "this appliance, by its name",
    `[dns]\nhost = "kms.lab.internal"\n${RELAY}upstreams = ["kms.lab.internal:1688"]`,
    `appliance.toml:5:14: relay.upstreams[0]: kms.lab.internal:1688 is this appliance itself; ${LOOP}`,
  ],
  [
    "this appliance, by the zone in which it is published",
    `${RELAY}discover = "lab.internal"\nresolver = "10.0.0.2:53"`,
    `appliance.toml:3:1: relay.discover: lab.internal is a zone of this appliance, which would find itself; ${LOOP}`,
  ],
  [
    "this appliance's own DNS server",
    `${RELAY}discover = "corp.example"\nresolver = "127.0.0.1:53"`,
    "appliance.toml:4:1: relay.resolver: 127.0.0.1:53 is this appliance's own DNS server; it knows its own zones alone; name another",
  ],
  [
    "the same host twice",
    `${RELAY}upstreams = ["10.0.0.5", "10.0.0.5:1688"]`,
    "appliance.toml:3:26: relay.upstreams[1]: 10.0.0.5:1688 is named twice",
  ],
  [
    "an address that is none",
    `${RELAY}upstreams = ["10.0.0.500:1688"]`,
    `appliance.toml:3:14: relay.upstreams[0]: expected a name or an address, and a port, found "10.0.0.500:1688"; ${HOST_HINT}`,
  ],
  [
    "all addresses",
    `${RELAY}upstreams = ["0.0.0.0:1688"]`,
    `appliance.toml:3:14: relay.upstreams[0]: expected a name or an address, and a port, found "0.0.0.0:1688"; ${HOST_HINT}`,
  ],
  [
    "hosts that the mode does not use: a warning",
    '[relay]\nupstreams = ["10.0.0.5"]',
    'warning: appliance.toml:2:1: relay.upstreams: not used: relay.mode is "observe"',
  ],
  [
    "a domain that the mode does not use: a warning",
    '[relay]\nmode = "off"\ndiscover = "corp.example"',
    'warning: appliance.toml:3:1: relay.discover: not used: relay.mode is "off"',
  ],
];

describe("mistakes of [relay]", () => {
  for (const [name, text, says] of CASES) {
    test(name, () => expect(complaints(text)).toEqual([says]));
  }

  test("another port of this machine is another host", () => {
    expect(complaints(`${RELAY}upstreams = ["127.0.0.1:1700"]`)).toEqual([]);
  });

  test("more hosts than are tried", () => {
    const hosts = Array.from({ length: 17 }, (_, index) => `"10.0.0.${index + 1}"`).join(", ");
    expect(complaints(`${RELAY}upstreams = [${hosts}]`)).toHaveLength(1);
  });

  test("a port without a machine says nothing of loops", () => {
    const text = `[rpc]\nlisten = ["127.0.0.1:x"]\n${RELAY}upstreams = ["127.0.0.1:1688"]`;
    expect(complaints(text).map((line) => line.split(":")[3])).toEqual([" rpc.listen[0]"]);
  });
});
