/** A network whose only name server is the appliance: stub resolvers, and Zonemaster's tests. */
import { describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { besideAppliance, networkTest } from "../support/network.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory("isolated");

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(scratch, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

const configuration = (dns: string): string => `[appliance]
name = "box"
[rpc]
listen = ["127.0.0.1:0"]
[http]
listen = []
[dns]
${dns}
`;

/** A lost answer would take longer than the test may: nothing here measures time. */
const RESOLVER = "nameserver 127.0.0.1\nsearch lab.test\noptions timeout:30 attempts:4\n";

describe("DNS-8: isolated_root", () => {
  networkTest(["getent", "dig", "ip"], "the system's resolver gets an answer to everything", () => {
    const path = folder("stub", { "resolv.conf": RESOLVER });
    const ask = (command: string): string => `${command} && echo yes || echo "no $?"`;
    const { stdout, stderr } = besideAppliance(
      path,
      configuration('listen = ["127.0.0.1:53"]\nzones = ["lab.test"]\nisolated_root = true'),
      ["mount --bind resolv.conf /etc/resolv.conf"],
      [
        ask("getent hosts box.lab.test | cut -d' ' -f1 | sort -u"),
        ask("getent hosts box | cut -d' ' -f1 | sort -u"),
        ask("getent hosts www.example.com"),
        ask("getent hosts nothing"),
        ask("getent hosts 203.0.113.9"),
        ask("getent hosts 2001:db8:ffff::9"),
        ask("getent hosts 127.0.0.9"),
        ...["www.example.com A", "com SOA", "test SOA", ". NS", "9.113.0.203.in-addr.arpa PTR"].map(
          (question) => `dig +tries=1 +time=30 ${question} | grep -o 'status: [A-Z]*'`,
        ),
      ],
    );
    expect({ stdout: stdout.trim().split("\n"), stderr }).toEqual({
      stdout: [
        "127.0.0.1",
        "yes",
        "127.0.0.1",
        "yes",
        "no 2",
        "no 2",
        "no 2",
        "no 2",
        "no 2",
        "status: NXDOMAIN",
        "status: NXDOMAIN",
        "status: NOERROR",
        "status: NOERROR",
        "status: NXDOMAIN",
      ],
      stderr: "",
    });
  });
});

const ADDRESSES = ["192.0.2.1", "198.51.100.1", "2001:db8:1::1", "2001:db8:2::1", "203.0.113.1"];

/** A root and a parent, for the delegation. */
const ROOT_ZONE = `$TTL 3600
. SOA root.test. hostmaster.test. 1 3600 900 604800 300
. NS root.test.
root.test. A 203.0.113.1
`;
const PARENT_ZONE = `$ORIGIN test.
$TTL 3600
@ SOA root hostmaster 1 3600 900 604800 300
@ NS root
root A 203.0.113.1
lab NS ns1.lab
lab NS ns2.lab
ns1.lab A 192.0.2.1
ns1.lab AAAA 2001:db8:1::1
ns2.lab A 198.51.100.1
ns2.lab AAAA 2001:db8:2::1
`;
const NAMED = `options {
  directory "."; pid-file none; session-keyfile none; lock-file none;
  listen-on { 203.0.113.1; }; listen-on-v6 { none; };
  recursion no; dnssec-validation no;
};
controls { };
zone "." { type primary; file "root.zone"; };
zone "test" { type primary; file "test.zone"; };
`;
/** Two names of one box: Zonemaster wants two servers. */
const LAB_ZONE = `$TTL 3600
@ SOA ns1 hostmaster.box 1 14400 3600 604800 3600
@ NS ns1
@ NS ns2
box MX 10 ns1
ns2 A 198.51.100.1
ns2 AAAA 2001:db8:2::1
`;

describe("DNS-1: Zonemaster finds no error in a zone of ours", () => {
  const programs = ["zonemaster-cli", "named", "ip"];
  const modules = ["Basic", "Consistency", "Delegation", "Nameserver", "Syntax"];

  networkTest(programs, modules.join(", "), () => {
    const path = folder("zonemaster", {
      "named.conf": NAMED,
      "root.zone": ROOT_ZONE,
      "test.zone": PARENT_ZONE,
      "lab.zone": LAB_ZONE,
      hints: ". 3600 IN NS root.test.\nroot.test. 3600 IN A 203.0.113.1\n",
    });
    const dns = `listen = ["192.0.2.1:53", "198.51.100.1:53", "[2001:db8:1::1]:53", "[2001:db8:2::1]:53"]
zones = ["lab.test"]
host = "ns1.lab.test"
addresses = ["192.0.2.1", "2001:db8:1::1"]
[[dns.zone_file]]
zone = "lab.test"
path = "lab.zone"`;
    const { stdout, stderr } = besideAppliance(
      path,
      configuration(dns),
      [
        ...ADDRESSES.map((address) =>
          address.includes(":")
            ? `ip -6 addr add ${address}/128 dev lo nodad`
            : `ip addr add ${address}/32 dev lo`,
        ),
        "named -f -c named.conf 2> named.log &",
        "while ! dig +tries=1 +time=1 @203.0.113.1 test SOA > /dev/null; do sleep 0.1; done",
      ],
      [
        `zonemaster-cli --hints hints --level INFO --raw --show-module --no-time ${modules
          .map((module) => `--test ${module}`)
          .join(" ")} lab.test`,
      ],
    );
    expect(stderr).toBe("");
    const lines = stdout.split("\n").filter((line) => line.trim() !== "");
    const serious = lines.filter((line) => /\b(WARNING|ERROR|CRITICAL)\b/.test(line));
    expect(serious).toEqual([]);
    // It did look at the delegation and at each server.
    expect(lines.join("\n")).toContain("NAMESERVER");
    expect(lines.length).toBeGreaterThan(10);
  });
});
