import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { literalName } from "../../src/dns/name.ts";
import type { DnsServer } from "../../src/dns/server.ts";
import { Zone, type ZoneRecord } from "../../src/dns/zone.ts";
import { readZoneFile } from "../../src/dns/zone-file.ts";
import { endpointOf, startServer, testZones, zoneText } from "../dns/support.ts";
import { runCommand } from "../support/command.ts";
import { scratchDirectory } from "../support/scratch.ts";

const folder = scratchDirectory("cli-dns");
const servers: DnsServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.close();
});

function configure(
  name: string,
  dns: string,
  files: Readonly<Record<string, string>> = {},
): string {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const path = join(folder, name);
  const head = '[appliance]\nname = "box"\n[rpc]\nlisten = ["127.0.0.1:0"]\n';
  writeFileSync(path, `${head}[dns]\nlisten = ["127.0.0.1:0"]\n${dns}`);
  return path;
}

describe("muster dns zone", () => {
  const lines = 'a\\.b TXT "x;y" "\\""\nt TYPE666 \\# 2 abcd\n* A 192.0.2.1\n@ MX 5 box\n';
  const path = configure(
    "zone.toml",
    'zones = ["lab.test", "corp.test"]\n[[dns.zone_file]]\nzone = "lab.test"\npath = "lab.zone"\n',
    { "lab.zone": lines },
  );

  test("prints what our own reader reads back as the same zone", async () => {
    const { exitCode, stdout } = await runCommand(["dns", "zone", "lab.test", "--config", path]);
    expect(exitCode).toBe(0);
    const apex = literalName("lab.test");
    const records: ZoneRecord[] = [];
    for (const entry of readZoneFile(stdout, { apex, defaultTtl: 1 })) {
      if (!entry.ok) throw new Error(entry.error.what);
      records.push(entry.value);
    }
    const zone = Zone.fromRecords(apex, records);
    if (!zone.ok) throw new Error(zone.error.map(({ code }) => code).join());
    const again = zoneText(zone.value).join("\n");
    expect(zone.value.recordSetCount).toBe(8);
    expect(again).toContain('3600 16 "x;y" "\\""');
    expect(again).toContain("3600 666 \\# 2 abcd");
    expect(again).toContain("3600 33 0 0 1688 box.lab.test.");
  });

  test("all of them, or as JSON", async () => {
    const all = await runCommand(["dns", "zone", "--config", path]);
    expect(all.stdout.match(/^\$ORIGIN .*$/gm)).toEqual([
      "$ORIGIN lab.test.",
      "$ORIGIN corp.test.",
      "$ORIGIN 0.0.127.in-addr.arpa.",
    ]);
    const json = await runCommand(["dns", "zone", "corp.test", "--json", "--config", path]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 1,
      zones: [{ zone: "corp.test.", records: [{ type: "SOA" }, { type: "NS" }, { type: "SRV" }] }],
    });
  });

  test("a zone that is none: 1, with those there are", async () => {
    const { exitCode, stderr } = await runCommand(["dns", "zone", "x.test", "--config", path]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      "x.test. is no zone of this host; the zones are lab.test., corp.test.",
    );
  });

  test("mistakes: 3, with their places; `check` says the same", async () => {
    const bad = configure(
      "bad.toml",
      'zones = ["lab.test"]\n[[dns.zone_file]]\nzone = "lab.test"\npath = "bad.zone"\n[[dns.record]]\nname = "x.example"\ntype = "A"\nvalues = ["192.0.2.1"]\n',
      { "bad.zone": "a A 192.0.2.1\na CNAME b\n" },
    );
    for (const command of [["dns", "zone"], ["check"]]) {
      const { exitCode, stderr } = await runCommand([...command, "--config", bad]);
      expect({ exitCode, stderr: stderr.replaceAll(`${folder}/`, "") }).toEqual({
        exitCode: 3,
        stderr: "bad.toml:11:3: dns.record[0]: x.example. is outside every zone of this host\n",
      });
    }
    const other = configure(
      "other.toml",
      'zones = ["lab.test"]\n[[dns.zone_file]]\nzone = "lab.test"\npath = "bad.zone"\n',
    );
    expect((await runCommand(["check", "--config", other])).stderr).toBe(
      "bad.zone:2:1: a.lab.test. CNAME is an alias (CNAME) beside other records of its name\n",
    );
  });
});

describe("muster dns query", () => {
  const ask = async (...parameters: readonly string[]) => {
    const server = await startServer();
    servers.push(server);
    const { address, port } = endpointOf(server);
    return runCommand(["dns", "query", ...parameters, "--server", `${address}:${port}`]);
  };

  test("prints the answer by section, as a zone file does", async () => {
    expect(await ask("_vlmcs._tcp.kms.test", "SRV")).toEqual({
      exitCode: 0,
      stdout: [
        "; NOERROR, by the zone's own server",
        "; answer",
        "_vlmcs._tcp.kms.test. 3600 IN SRV 0 0 1688 kms.kms.test.",
        "; additional",
        "kms.kms.test. 3600 IN A 192.0.2.1",
        "kms.kms.test. 3600 IN AAAA 2001:db8::1",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  test("SRV where no type is given; a large answer by TCP", async () => {
    expect((await ask("_vlmcs._tcp.kms.test")).stdout).toContain(" SRV ");
    for (const flags of [[], ["--tcp"]]) {
      const { stdout } = await ask("big.kms.test", "TXT", ...flags);
      expect(stdout.match(/ TXT /g)).toHaveLength(60);
    }
  });

  test("NXDOMAIN: 1; as JSON too", async () => {
    const { exitCode, stdout, stderr } = await ask("nope.kms.test", "A", "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "nope.kms.test.: NXDOMAIN\n" });
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      rcode: "NXDOMAIN",
      authoritative: true,
      answers: [],
      authorities: [{ type: "SOA", ttlSeconds: 300 }],
    });
  });

  test("nobody there: 5; no name, no type: 2", async () => {
    const server = await startServer();
    const { address, port } = endpointOf(server);
    await server.close();
    const nobody = await runCommand(["dns", "query", "a", "--server", `${address}:${port}`]);
    expect(nobody).toMatchObject({ exitCode: 5, stderr: `${address}:${port}: unreachable\n` });
    expect(await runCommand(["dns", "query", "a..b"])).toMatchObject({ exitCode: 2 });
    expect(await runCommand(["dns", "query", "a", "NOPE"])).toMatchObject({ exitCode: 2 });
  });
});

describe("muster dns rogues", () => {
  const rogues = async (dns: string, ...parameters: readonly string[]) => {
    const server = await startServer();
    servers.push(server);
    server.setZones(testZones());
    const path = configure("rogues.toml", dns);
    const { address, port } = endpointOf(server);
    const resolver = ["--resolver", `${address}:${port}`];
    const result = await runCommand(["dns", "rogues", "-c", path, ...resolver, ...parameters]);
    return { ...result, stdout: result.stdout.replaceAll(`${address}:${port}`, "RESOLVER") };
  };

  test("an unknown host: 1, and which", async () => {
    expect(await rogues('zones = ["kms.test"]\n')).toEqual({
      exitCode: 1,
      stdout:
        "activation host in kms.test, by RESOLVER: kms.kms.test. port 1688 at 192.0.2.1, 2001:db8::1 is not one of ours\n",
      stderr: "\n",
    });
  });

  test("hosts of ours: 0; at another address than theirs: 1", async () => {
    const other = (addresses: string) =>
      `zones = ["kms.test"]\n[[dns.other_host]]\nname = "kms"\naddresses = [${addresses}]\n`;
    const fine = await rogues(other('"192.0.2.1", "2001:db8:0::1"'));
    expect(fine).toEqual({ exitCode: 0, stdout: "no unknown activation host\n", stderr: "" });
    const { exitCode, stdout } = await rogues(other('"192.0.2.1"'), "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      rogues: [{ kind: "unknown-address", addresses: ["2001:db8::1"], host: "kms.kms.test." }],
    });
  });

  test("a resolver that refuses: 12; none at all: 2", async () => {
    expect(await rogues('zones = ["elsewhere.test"]\n')).toMatchObject({
      exitCode: 12,
      stdout: "elsewhere.test, by RESOLVER: REFUSED\n",
    });
    const path = configure("none.toml", 'zones = ["kms.test"]\n');
    expect(await runCommand(["dns", "rogues", "-c", path])).toMatchObject({ exitCode: 2 });
  });
});
