import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfiguration } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { readZonePlan } from "../../src/config/zone-data.ts";
import { buildApplianceZones } from "../../src/dns/appliance-zones.ts";
import { nameToText, ROOT } from "../../src/dns/name.ts";
import { zoneText } from "../dns/support.ts";

const folder = mkdtempSync(join(tmpdir(), "zone-data-"));
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  const surroundings = { hostName: "box", baseDirectory: folder };
  return loadConfiguration({ text, environment: {}, settings: [], ...surroundings });
}

function problems(text: string): readonly string[] {
  const loaded = load(text);
  const found = loaded.ok ? loaded.value.warnings : loaded.error;
  return found.map((problem) => formatProblem(problem, "a.toml"));
}

/** The zones of a configuration as lines, or its mistakes with their places. */
function zones(text: string): readonly string[] {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
  const steps = readZonePlan(loaded.value.configuration.dns);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const composed = step.value.ok
    ? buildApplianceZones({ ...step.value.value, addresses: [], publish: undefined, serial: 1 })
    : step.value;
  if (composed.ok) return composed.value.flatMap(zoneText);
  return composed.error.map(({ place, what }) => {
    if (place?.kind === "file") return `${place.file}:${place.line}:${place.column}: ${what}`;
    return `${place?.path.join(".")}: ${what}`;
  });
}

const ZONES = '[dns]\nzones = ["lab.test", "corp.example"]\n';
const record = (name: string, type: string, ...values: readonly string[]) =>
  `[[dns.record]]\nname = "${name}"\ntype = "${type}"\nvalues = ${JSON.stringify(values)}\n`;

describe("DNS-9: records in the configuration", () => {
  test.each([
    ["printer", "A", ["192.0.2.9", "192.0.2.10"], "printer.lab.test"],
    ["www.corp.example", "AAAA", ["2001:db8::1"], "www.corp.example"],
    ["@", "TXT", ["two words; and \\ more"], "lab.test"],
    ["*.lab.test.", "TXT", ['"one" "two"'], "*.lab.test"],
    ["mail", "MX", ["5 elsewhere.example"], "mail.lab.test"],
    ["odd", "TYPE65280", ["\\# 2 abcd"], "odd.lab.test"],
  ])("%s %s %j", (name, type, values, owner) => {
    const loaded = load(ZONES + record(name, type, ...values));
    if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
    const { records } = loaded.value.configuration.dns;
    expect(records).toHaveLength(values.length);
    expect(nameToText(records[0]?.name ?? ROOT)).toBe(`${owner}.`);
  });

  test("names in data follow the same rule as those before it", () => {
    const text = `${ZONES}ttl = 60\n${record("a", "CNAME", "b")}${record("b", "A", "192.0.2.1")}${record("c", "CNAME", "d.corp.example")}`;
    const found = zones(text).join("\n");
    expect(found).toContain("60 5 b.lab.test.");
    expect(found).toContain("60 5 d.corp.example.");
  });

  test.each([
    [
      record("a", "A", "192.0.2.1", "nope"),
      'a.toml:6:23: dns.record[0].values[1]: "nope" is no IPv4 address',
    ],
    [
      record("a", "NOPE", "x"),
      'a.toml:5:1: dns.record[0].type: expected a record type, found "NOPE"; write "A" or "TYPE65280"',
    ],
    [
      record("a", "ANY", "x"),
      'a.toml:5:1: dns.record[0].type: expected a record type, found "ANY"; write "A" or "TYPE65280"',
    ],
    [
      record("a..b", "A", "192.0.2.1"),
      'a.toml:4:1: dns.record[0].name: expected the name of a record, found "a..b"; write "printer" or "printer.lab.internal"',
    ],
    [
      record("a", "TXT", '"open'),
      "a.toml:6:11: dns.record[0].values[0]: has a quotation or an escape that does not end",
    ],
    [
      '[dns.publish_to]\nenabled = true\nkey = "nobody"\n',
      "a.toml:5:1: dns.publish_to.key: there is no key nobody; add a [[dns.key]] of that name",
    ],
    [
      '[[dns.other_host]]\nname = "x.example"\naddresses = ["192.0.2.1"]\n',
      "warning: a.toml:5:1: dns.other_host[0].addresses: not used: x.example is in none of dns.zones",
    ],
  ])("%j: said with its place", (text, expected) => {
    const [first] = problems(ZONES + text);
    expect(first).toBe(expected);
  });

  test("what contradicts only shows when the zones are put together, with the key", () => {
    const text =
      ZONES +
      record("a", "A", "192.0.2.1") +
      record("a", "CNAME", "b") +
      record("c.example", "A", "192.0.2.1");
    expect(zones(text)).toEqual(["dns.record.2: c.example. is outside every zone of this host"]);
    expect(zones(ZONES + record("a", "A", "192.0.2.1") + record("a", "CNAME", "b"))).toEqual([
      "dns.record.1: a.lab.test. CNAME is an alias (CNAME) beside other records of its name",
    ]);
  });
});

describe("DNS-9: zone files of the configuration", () => {
  const named = (path: string, zone = "lab.test") =>
    `[[dns.zone_file]]\nzone = "${zone}"\npath = "${path}"\n`;

  test("a file beside the configuration, and its mistakes by line", () => {
    writeFileSync(join(folder, "good.zone"), "$TTL 60\nprinter A 192.0.2.9\n");
    writeFileSync(join(folder, "bad.zone"), "printer A 192.0.2\n\nx A 192.0.2.1\ny B z\n");
    expect(zones(ZONES + named("good.zone")).join("\n")).toContain("60 1 192.0.2.9");
    expect(zones(ZONES + named("bad.zone"))).toEqual([
      'bad.zone:1:11: "192.0.2" is no IPv4 address',
      'bad.zone:4:3: "B" is no record type; write TYPE and its number for one that is not known here',
    ]);
  });

  test("records outside the file's zone, and targets without an address, by line", () => {
    writeFileSync(
      join(folder, "outside.zone"),
      "x.corp.example. A 192.0.2.1\n_a._tcp SRV 0 0 1 nope\n",
    );
    expect(zones(ZONES + named("outside.zone"))).toEqual([
      "outside.zone:1:1: x.corp.example. is outside lab.test.",
    ]);
    writeFileSync(join(folder, "target.zone"), "\n_a._tcp SRV 0 0 1 nope\n");
    expect(zones(ZONES + named("target.zone"))).toEqual([
      "target.zone:2:1: the target nope.lab.test. has no address",
    ]);
  });

  test.each([
    ["missing.zone", "no such file"],
    [".", "is no file"],
    ["binary.zone", "is not UTF-8 text"],
  ])("%s: %s", (path, what) => {
    writeFileSync(join(folder, "binary.zone"), Uint8Array.of(0xff, 0xfe));
    expect(zones(ZONES + named(path))).toEqual([`dns.zone_file.0.path: ${what}`]);
  });
});
