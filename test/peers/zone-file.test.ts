/** Zone files between us and BIND: what we print it accepts, what it reads we read alike. */
import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { literalName, lowerName, nameToText } from "../../src/dns/name.ts";
import { typeToText } from "../../src/dns/rdata.ts";
import { rdataToText } from "../../src/dns/record-text.ts";
import { readZoneFile } from "../../src/dns/zone-file.ts";
import { runCommand } from "../support/command.ts";
import { peerTest } from "../support/peers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const folder = scratchDirectory("zone-file-peers");

/** Much of the format in one file, but for what only one side knows. */
const ZONE = `; everything
$ORIGIN lab.test.
$TTL 1h
@   IN SOA ns1 host\\.master.mail (
        7     ; serial
        1h30m 15m 1w ; times
        300 )
        NS   ns1
        IN   NS ns2.sub
        MX   10 mail
ns1  60 A    192.0.2.1
     IN 61 AAAA 2001:db8::1
ns2.sub A 192.0.2.2
$ORIGIN sub
a\\032b  TXT  "quo\\"te" plain "semi;colon" "\\200" ""
     TXT  second
*.w  CAA  0 issue "ca.example"
$TTL 120
mail.lab.test. A \\# 4 C0 00 02 03
t    TYPE65280 \\# 3 ab cdef
n    NAPTR 100 10 "u" "sip+E2U" "!^.*$!sip:info@example.com!" .
_s._tcp SRV 1 2 3 mail.lab.test.
s    SSHFP 1 1 ( dd465c09cfa51fb45020cc83316fff
               21b9ec74ac )
d    TLSA 3 1 1 0C72AC70B745AC19998811B131D662C9AC69DBDBE7CB23E5B514B56664C5D3D6
h    HINFO "a b" c
p    PTR  @
r    RP   box.lab.test. .
`;

function read(text: string): readonly string[] {
  const lines: string[] = [];
  for (const entry of readZoneFile(text, { apex: literalName("lab.test"), defaultTtl: 1 })) {
    if (!entry.ok) throw new Error(`${entry.error.line}: ${entry.error.what}`);
    const { name, type, ttl, rdata } = entry.value;
    const owner = nameToText(lowerName(name));
    lines.push(`${owner} ${ttl} ${typeToText(type)} ${rdataToText(type, rdata)}`);
  }
  return lines.toSorted();
}

describe("DNS-9: named-compilezone", () => {
  peerTest(["named-compilezone"], "reads the same records out of a file as we do", (path) => {
    const file = join(folder, "lab.zone");
    writeFileSync(file, ZONE);
    const parameters = ["-i", "none", "-s", "full", "-o", "-", "lab.test", file];
    const { stdout, stderr, status } = spawnSync(path, parameters, { encoding: "utf8" });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(read(stdout)).toEqual(read(ZONE));
    expect(read(ZONE).length).toBe(19);
  });
});

describe("DNS-9: named-checkzone", () => {
  peerTest(
    ["named-checkzone"],
    "accepts every zone that `muster dns zone` prints",
    async (path) => {
      writeFileSync(join(folder, "more.zone"), ZONE.replace("@   IN SOA", "@ SOA"));
      const configuration = join(folder, "appliance.toml");
      writeFileSync(
        configuration,
        `[appliance]
name = "box"
[rpc]
listen = ["192.0.2.9:1688", "[2001:db8::9]:1688"]
[dns]
zones = ["lab.test", "corp.test"]
[[dns.zone_file]]
zone = "lab.test"
path = "more.zone"
[[dns.other_host]]
name = "second.corp.test"
addresses = ["192.0.2.10"]
`,
      );
      const zones = [
        "lab.test",
        "corp.test",
        "2.0.192.in-addr.arpa",
        `${"0.".repeat(8)}8.b.d.0.1.0.0.2.ip6.arpa`,
      ];
      for (const zone of zones) {
        const printed = await runCommand(["dns", "zone", zone, "--config", configuration]);
        expect(printed).toMatchObject({ exitCode: 0, stderr: "" });
        const file = join(folder, "printed.zone");
        writeFileSync(file, printed.stdout);
        const { status, stdout } = spawnSync(path, [zone, file], { encoding: "utf8" });
        expect(stdout).toContain("OK");
        expect(status).toBe(0);
      }
    },
  );
});
