import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { DEFAULT_POLICY } from "../../src/activation/policy.ts";
import type { Configuration } from "../../src/config/configuration.ts";
import {
  type ConfigurationSources,
  type LoadedConfiguration,
  loadConfiguration,
} from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { addressAdmission } from "../../src/rpc/addresses.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";

type Given = Partial<ConfigurationSources>;

const SURROUNDINGS = { hostName: "Box7.example", baseDirectory: "/srv/lab" } as const;

function load(given: Given = {}): ReturnType<typeof loadConfiguration> {
  return loadConfiguration({ text: "", environment: {}, settings: [], ...SURROUNDINGS, ...given });
}

function accepted(given: Given = {}): LoadedConfiguration {
  const loaded = load(given);
  if (!loaded.ok) throw new Error(loaded.error.map((problem) => problem.what).join("; "));
  return loaded.value;
}

function configured(given: Given = {}): Configuration {
  return accepted(given).configuration;
}

function complaints(given: Given): readonly string[] {
  const loaded = load(given);
  const problems = loaded.ok ? loaded.value.warnings : loaded.error;
  return problems.map((problem) => formatProblem(problem, "appliance.toml"));
}

const PRODUCT = `
name = "Lab Workstation"
application_id = "11111111-1111-4111-8111-111111111111"
activation_id = "22222222-2222-4222-8222-222222222222"
`;

describe("what holds without a file", () => {
  const configuration = configured();

  test("the listeners of HOST-1, DNS-1 and a status service on loopback", () => {
    expect(configuration.rpc.listen).toEqual([
      { address: "0.0.0.0", port: 1688 },
      { address: "::", port: 1688 },
    ]);
    expect(configuration.dns.listen.map(({ port }) => port)).toEqual([53, 53]);
    expect(configuration.http.listen).toEqual([{ address: "127.0.0.1", port: 8080 }]);
  });

  test("the intervals of HOST-2, HOST-3 and the rules of COUNT-4, COUNT-6 and COUNT-7", () => {
    expect(configuration.activation).toEqual({
      policy: DEFAULT_POLICY,
      activationIntervalMinutes: 120,
      renewalIntervalMinutes: 10_080,
      validityDays: 180,
      resetAtStart: false,
    });
  });

  test("the limits and products of the parts", () => {
    // Descriptors: 512 for DNS, 128 for HTTP, 128 for the rest.
    expect(configuration.rpc.limits).toEqual({ ...DEFAULT_RPC_LIMITS, sparedDescriptors: 768 });
    expect(configuration.products).toEqual(DEFAULT_CATALOGUE);
  });

  test("the machine's name, and paths below the base folder", () => {
    expect(configuration.appliance).toEqual({
      name: "box7",
      dataDirectory: "/srv/lab/muster-data",
      controlSocket: "/srv/lab/muster-data/control/muster.sock",
    });
    expect(configuration.dns.host).toBe("box7.lab.internal");
    expect(configuration.store.file).toBe("/srv/lab/muster-data/muster.db");
    expect(configuration.http.hostNames).toEqual(["box7", "box7.lab.internal"]);
  });

  test("a status service that shows clients to nobody else, without TLS", () => {
    const { token, tokenFile, openDetails, tls } = configuration.http;
    expect([token, tokenFile, openDetails, tls]).toEqual([undefined, undefined, false, undefined]);
  });

  test("a machine whose name DNS does not take", () => {
    expect(configured({ hostName: "_lab box" }).appliance.name).toBe("muster");
    expect(configured({ hostName: "" }).dns.host).toBe("muster.lab.internal");
  });

  test("private networks are admitted, others are not", () => {
    const admit = addressAdmission(configuration.rpc.allow, configuration.rpc.deny);
    expect(["10.1.2.3", "127.0.0.1", "::1", "fd00::1", "fe80::1"].map(admit)).not.toContain(false);
    expect(["192.0.2.1", "2001:db8::1"].map(admit)).not.toContain(true);
  });
});

describe("what the file says", () => {
  test("the token is used and never shown", () => {
    const loaded = load({
      text: '[http]\ntoken = "0123456789abcdef"\ntls_key = "k"\ntls_certificate = "/c"',
    });
    if (!loaded.ok) throw new Error("refused");
    const { http } = loaded.value.configuration;
    expect(http.token).toBe("0123456789abcdef");
    expect(http.tls).toEqual({ certificate: "/c", key: "/srv/lab/k" });
    expect(JSON.stringify(loaded.value.explain())).not.toContain("0123456789abcdef");
  });

  test("addresses that are admitted besides and that never are", () => {
    const text = '[rpc]\nallow = ["198.51.100.0/24"]\ndeny = ["10.66.0.0/16"]';
    const { rpc } = configured({ text });
    const admit = addressAdmission(rpc.allow, rpc.deny);
    expect(["198.51.100.9", "10.1.1.1", "10.66.1.1", "192.0.2.1"].map(admit)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test("everyone is admitted, with what is allowed besides", () => {
    const text = '[rpc]\nadmit = "any"\nallow = ["198.51.100.0/24"]';
    const { rpc } = configured({ text });
    expect(addressAdmission(rpc.allow, rpc.deny)("203.0.113.1")).toBe(true);
  });

  const ADDED = {
    name: "Lab Workstation",
    applicationId: "11111111-1111-4111-8111-111111111111",
    activationId: "22222222-2222-4222-8222-222222222222",
    kind: "server",
    group: "serverB",
    threshold: 5,
  } as const;

  test("products join those built in; a threshold follows the kind (COUNT-2)", () => {
    const text = `[[product]]${PRODUCT}kind = "server"\ngroup = "server-b"`;
    expect(configured({ text }).products).toEqual([...DEFAULT_CATALOGUE, ADDED]);
    const alone = `[activation]\nbuilt_in_products = false\n${text}`;
    expect(configured({ text: alone }).products).toEqual([ADDED]);
  });

  test("a product with the activation id of a built-in one takes its place", () => {
    const [first, ...others] = DEFAULT_CATALOGUE;
    const text = `[[product]]${PRODUCT}`.replace(ADDED.activationId, first?.activationId ?? "");
    const { products } = configured({ text });
    expect(products.slice(0, -1)).toEqual(others);
    expect(products.at(-1)?.name).toBe("Lab Workstation");
  });

  test("a time check has its tolerance, none has none", () => {
    const text = '[activation]\ntime_check = "refuse"\ntime_tolerance_minutes = 5';
    expect(configured({ text }).activation.policy.timeToleranceMinutes).toBe(5);
    expect(configured().activation.policy.timeToleranceMinutes).toBeUndefined();
  });

  test("names and GUIDs in any case, with the dot or the braces that people write", () => {
    const text =
      '[appliance]\nname = "KMS1"\n[dns]\nzones = ["Lab.Example."]\nhost = "Kms.Lab.Example."';
    const { appliance, dns } = configured({ text });
    expect([appliance.name, ...dns.zones, dns.host]).toEqual([
      "kms1",
      "lab.example",
      "kms.lab.example",
    ]);
  });

  test("absolute paths stay, a database path starts at the data folder", () => {
    const text = '[appliance]\ndata_directory = "/var/lib/muster"\n[store]\nfile = "lab/count.db"';
    expect(configured({ text }).store.file).toBe("/var/lib/muster/lab/count.db");
  });

  test("limits are in seconds, the parts' in milliseconds", () => {
    const text = "[rpc.limits]\nidle_seconds = 45\n[dns.limits]\ntcp_idle_seconds = 3";
    const { rpc, dns } = configured({ text });
    expect([rpc.limits.idleMilliseconds, dns.limits.tcpIdleMs]).toEqual([45_000, 3000]);
  });
});

describe("flags win over the environment, the environment over the file", () => {
  const text = "[dns]\nttl = 1\npriority = 1\nweight = 1";
  const environment = { MUSTER_DNS_TTL: "2", MUSTER_DNS_PRIORITY: "2" };
  const settings = ["dns.ttl=3"];

  test("each key by itself", () => {
    const { dns } = configured({ text, environment, settings });
    expect([dns.ttl, dns.priority, dns.weight]).toEqual([3, 2, 1]);
  });

  test("and its origin is known", () => {
    const origins = new Map(
      accepted({ text, environment, settings })
        .explain()
        .map(({ key, origin }) => [key, origin]),
    );
    expect(origins.get("dns.ttl")).toEqual({ kind: "flag" });
    expect(origins.get("dns.priority")).toEqual({
      kind: "environment",
      variable: "MUSTER_DNS_PRIORITY",
    });
    expect(origins.get("dns.weight")).toEqual({ kind: "file", line: 4, column: 1 });
    expect(origins.get("dns.publish")).toEqual({ kind: "default" });
  });

  test("lists are separated by commas, an empty text is an empty list", () => {
    const listen = configured({ settings: ["rpc.listen=127.0.0.1:1, [::1]:2"] }).rpc.listen;
    expect(listen).toEqual([
      { address: "127.0.0.1", port: 1 },
      { address: "::1", port: 2 },
    ]);
    expect(configured({ environment: { MUSTER_HTTP_LISTEN: "" } }).http.listen).toEqual([]);
  });

  test("the last of several settings of one key holds", () => {
    expect(configured({ settings: ["dns.ttl=7", "dns.ttl=8"] }).dns.ttl).toBe(8);
  });

  test("a section that is no section is reported, not overwritten", () => {
    expect(complaints({ text: "dns = 3", environment })).toEqual([
      "appliance.toml:1:1: dns: expected a section, found 3",
    ]);
  });
});

type Case = { readonly name: string; readonly given: Given; readonly says: readonly string[] };

const CASES: readonly Case[] = [
  {
    name: "an unknown key, with the one that was meant",
    given: { text: '[rpc]\nlisen = ["0.0.0.0:1688"]' },
    says: ['appliance.toml:2:1: rpc.lisen: unknown key; did you mean "listen"?'],
  },
  {
    name: "an unknown section, with the one that was meant",
    given: { text: "[actvation]\n" },
    says: ['appliance.toml:1:2: actvation: unknown section; did you mean "activation"?'],
  },
  {
    name: "a key of another section",
    given: { text: '[rpc]\ncounting = "all"' },
    says: ["appliance.toml:2:1: rpc.counting: unknown key; it belongs to [activation]"],
  },
  {
    name: "a key that is near to none",
    given: { text: "[store]\nqqqqqqqq = 1" },
    says: ["appliance.toml:2:1: store.qqqqqqqq: unknown key; known here: file"],
  },
  {
    name: "keys that JavaScript objects have of themselves",
    given: { text: "[store]\nconstructor = 1\n__proto__ = 2\ntoString = 3" },
    says: [
      "appliance.toml:2:1: store.constructor: unknown key; known here: file",
      "appliance.toml:3:1: store.__proto__: unknown key; known here: file",
      "appliance.toml:4:1: store.toString: unknown key; known here: file",
    ],
  },
  {
    name: "text where a list is wanted",
    given: { text: '[http]\nlisten = "127.0.0.1:80"' },
    says: [
      'appliance.toml:2:1: http.listen: expected a list, found text "127.0.0.1:80"; write ["127.0.0.1:80"]',
    ],
  },
  {
    name: "a number in quotes",
    given: { text: '[activation]\nrecord_days = "30"' },
    says: [
      'appliance.toml:2:1: activation.record_days: expected a whole number, found text "30"; write 30 without quotes',
    ],
  },
  {
    name: "a broken number, a date, a number out of bounds",
    given: { text: "[dns]\nttl = 1.5\npriority = 2026-01-01\nweight = 70000" },
    says: [
      "appliance.toml:2:1: dns.ttl: expected a whole number, found 1.5; for example 3600",
      "appliance.toml:3:1: dns.priority: expected a whole number, found a date; for example 0",
      "appliance.toml:4:1: dns.weight: must be at most 65535, found 70000",
    ],
  },
  {
    name: "an endpoint that is none, at the place of the element",
    given: { text: '[http]\nlisten = [\n  "127.0.0.1:8080",\n  "localhost:8080",\n]' },
    says: [
      'appliance.toml:4:3: http.listen[1]: expected a numeric address and a port, found "localhost:8080"; write "192.0.2.1:1688" or "[2001:db8::1]:1688"; "0.0.0.0" and "[::]" mean all',
    ],
  },
  {
    name: "a value that is not among those allowed",
    given: { text: '[activation]\ncounting = "physcal"' },
    says: [
      'appliance.toml:2:1: activation.counting: expected one of "all", "physical", found "physcal"; did you mean "physical"?',
    ],
  },
  {
    name: "a block of addresses whose bits do not fit its length",
    given: { text: '[rpc]\ndeny = ["10.0.0.1/8"]' },
    says: [
      'appliance.toml:2:9: rpc.deny[0]: expected an address or a block of addresses, found "10.0.0.1/8"; write "10.0.0.0/8" or "fd00::/8"; bits behind the length must be zero',
    ],
  },
  {
    name: "renewal that is not below the life of a record (COUNT-6)",
    given: { text: "[activation]\nrenewal_interval_minutes = 43200" },
    says: [
      "appliance.toml:2:1: activation.renewal_interval_minutes: 43200 minutes is not below activation.record_days (43200 minutes); clients would be forgotten before they renew",
    ],
  },
  {
    name: "publishing with no zone (DNS-2)",
    given: { text: "[dns]\nzones = []" },
    says: [
      "appliance.toml:2:1: dns.zones: there is no zone to publish in; name one, or set dns.publish = false",
    ],
  },
  {
    name: "an SRV target without an address (DNS-1)",
    given: { text: '[dns]\nhost = "kms"\naddresses = []' },
    says: [
      "appliance.toml:3:1: dns.addresses: kms.lab.internal is in a zone of this host and would have no address; name one, or leave the key out to use the machine's own",
    ],
  },
  {
    name: "the true count of a bounded cache (COUNT-8)",
    given: { text: '[activation.cache]\nreply_count = "true"' },
    says: [
      'appliance.toml:2:1: activation.cache.reply_count: the true count is not known with a bounded cache; set activation.cache.capacity = "unbounded"',
    ],
  },
  {
    name: "a threshold without bound (COUNT-7)",
    given: { text: `[[product]]${PRODUCT}threshold = 10001` },
    says: ["appliance.toml:5:1: product[0].threshold: must be at most 10000, found 10001"],
  },
  {
    name: "a product that lacks what names it",
    given: {
      text: '[[product]]\nname = "A"\napplication_id = "00000000-0000-0000-0000-000000000000"',
    },
    says: [
      'appliance.toml:1:3: product[0].activation_id: missing; for example "22222222-2222-4222-8222-222222222222"',
      'appliance.toml:3:1: product[0].application_id: expected a GUID, found "00000000-0000-0000-0000-000000000000"; write "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", hexadecimal and not all zero',
    ],
  },
  {
    name: "the same product twice",
    given: { text: `[[product]]${PRODUCT}[[product]]${PRODUCT}` },
    says: [
      'appliance.toml:6:1: product[1].name: "Lab Workstation" is already that of a product above; each product has its own',
      'appliance.toml:8:1: product[1].activation_id: "22222222-2222-4222-8222-222222222222" is already that of a product above; each product has its own',
    ],
  },
  {
    name: "two listeners on one port, a wildcard among them",
    given: { text: '[http]\nlisten = ["127.0.0.1:1688", "[::1]:53", "[::1]:8080"]' },
    says: [
      "appliance.toml:2:11: http.listen[0]: 127.0.0.1:1688 collides with rpc's 0.0.0.0:1688; give it another port",
      "appliance.toml:2:29: http.listen[1]: [::1]:53 collides with dns's [::]:53; give it another port",
    ],
  },
  {
    name: "a limit per address above that of all",
    given: { text: "[rpc.limits]\nconnections = 10" },
    says: [
      "appliance.toml:1:2: rpc.limits.connections_per_address: 512 is above rpc.limits.connections (10); one address could take all of them",
    ],
  },
  {
    name: "what is no TOML, at its place",
    given: { text: "[rpc]\nlisten = [\n\n[dns" },
    says: ["appliance.toml:4:2: not valid TOML: invalid value"],
  },
  {
    name: "a variable and a setting, by their names",
    given: { environment: { MUSTER_DNS_TTL: "soon" }, settings: ["dns.tll=3", "x"] },
    says: [
      'MUSTER_DNS_TTL: dns.ttl: expected a whole number, found text "soon"; for example 3600',
      '--set: unknown key "dns.tll"; did you mean dns.ttl?',
      '--set: "x" is no setting; write KEY=VALUE',
    ],
  },
  {
    name: "a variable of ours that names no key: a warning, for the appliance can run",
    given: { environment: { MUSTER_RPC_LISTN: "1", MUSTER_CONFIG: "x", PATH: "/bin" } },
    says: [
      "warning: MUSTER_RPC_LISTN: no key has this variable, it is not used; did you mean MUSTER_RPC_LISTEN?",
    ],
  },
  {
    name: "status shown to a network: a warning",
    given: { text: '[http]\nlisten = ["192.0.2.1:8080"]' },
    says: [
      "warning: appliance.toml:2:11: http.listen[0]: 192.0.2.1 shows status and figures to whoever reaches it; client names and events ask for http.token",
    ],
  },
  {
    name: "client names shown to a network: a warning that says so",
    given: { text: '[http]\nlisten = ["192.0.2.1:8080"]\nopen_details = true' },
    says: [
      "warning: appliance.toml:2:11: http.listen[0]: 192.0.2.1 shows status, client names and events to whoever reaches it; http.open_details = false asks for a token",
    ],
  },
  {
    name: "a token that can be guessed, which is not repeated for the log to keep",
    given: { text: '[http]\ntoken = "hunter2"' },
    says: [
      'appliance.toml:2:1: http.token: expected a token, found "(hidden)"; 16 to 256 letters, digits and -._~+/, = at its end',
    ],
  },
  {
    name: "the token of the example: a warning",
    given: { text: '[http]\ntoken = "change-me-to-a-long-random-text"' },
    says: [
      "warning: appliance.toml:2:1: http.token: is the example that everybody can read; choose another",
    ],
  },
  {
    name: "a token beside its file: a warning",
    given: { text: '[http]\ntoken = "0123456789abcdef"\ntoken_file = "token"' },
    says: ["warning: appliance.toml:2:1: http.token: not used: http.token_file goes before it"],
  },
  {
    name: "a certificate without its key, and the other way round",
    given: { text: '[http]\ntls_certificate = "a.pem"' },
    says: [
      "appliance.toml:2:1: http.tls_certificate: is of no use without http.tls_key; name both, or neither",
    ],
  },
  {
    name: "a key without its certificate",
    given: { text: '[http]\ntls_key = "a.pem"' },
    says: [
      "appliance.toml:2:1: http.tls_key: is of no use without http.tls_certificate; name both, or neither",
    ],
  },
];

describe("every mistake has its place, its words and a way out", () => {
  for (const { name, given, says } of CASES) {
    test(name, () => expect(complaints(given)).toEqual(says));
  }
});

describe("mistakes are reported together", () => {
  const text = `
[dns]
zones = []
prot = 53
[rpc]
listen = ["x", "127.0.0.1:99"]
[http]
listen = ["127.0.0.1:99"]
[[product]]
name = 3
[[product]]${PRODUCT}
[[product]]${PRODUCT}`;

  test("all of them, in the order of the file, with the places of what the rules find", () => {
    const places = complaints({ text }).map((line) => /^\S+: [^:]+/.exec(line)?.[0]);
    expect(places).toEqual([
      "appliance.toml:3:1: dns.zones",
      "appliance.toml:4:1: dns.prot",
      "appliance.toml:6:11: rpc.listen[0]",
      "appliance.toml:8:11: http.listen[0]",
      "appliance.toml:9:3: product[0].application_id",
      "appliance.toml:9:3: product[0].activation_id",
      "appliance.toml:10:1: product[0].name",
      "appliance.toml:17:1: product[2].name",
      "appliance.toml:19:1: product[2].activation_id",
    ]);
  });

  test("a rule says nothing of a value that is not the one that was meant", () => {
    const given = { text: '[activation]\nrenewal_interval_minutes = 43200\nrecord_days = "60"' };
    expect(complaints(given).map((line) => line.split(":")[3])).toEqual([
      " activation.record_days",
    ]);
  });
});

describe("hostile text", () => {
  test("control characters of a value are escaped where it is repeated", () => {
    const [line = ""] = complaints({ text: '[rpc]\nadmit = "\\u001b[2J\\u202e"' });
    expect(line).toContain("\\u001b[2J");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
    expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  test("any text gives a configuration or problems with places, never a throw", () => {
    const fragments = fc.constantFrom(
      "[rpc]",
      "[[product]]",
      "[dns.limits]",
      "listen",
      "=",
      " ",
      "\n",
      '"',
      "'''",
      "[",
      "]",
      "{",
      "}",
      ",",
      ".",
      "1",
      "-",
      "0x",
      "inf",
      "nan",
      "2026-01-01",
      "true",
      "#",
      "\u0000",
      "é",
      "__proto__",
    );
    const toml = fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(toml, (text) => {
        const loaded = load({ text });
        return loaded.ok || loaded.error.length > 0;
      }),
      { numRuns: 500 },
    );
  });

  test("nesting without end is refused", () => {
    expect(complaints({ text: `x = ${"[".repeat(5000)}` })).toHaveLength(1);
    expect(complaints({ text: `x${".x".repeat(5000)} = 1` }).length).toBeGreaterThan(0);
  });
});
