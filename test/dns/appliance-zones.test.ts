import { describe, expect, test } from "bun:test";
import {
  type ApplianceZonesOptions,
  buildApplianceZones,
  MAX_REVERSE_ZONES,
} from "../../src/dns/appliance-zones.ts";
import { literalName, nameToText } from "../../src/dns/name.ts";
import { typeToText } from "../../src/dns/rdata.ts";
import { rdataToText } from "../../src/dns/record-text.ts";
import { reverseName, reverseZone } from "../../src/dns/reverse.ts";
import type { Zone } from "../../src/dns/zone.ts";
import { MAX_ZONE_MISTAKES, type RecordSource } from "../../src/dns/zone-sources.ts";
import {
  endpointOf,
  octets,
  query,
  readReply,
  records,
  startServer,
  udpClient,
} from "./support.ts";

const OPTIONS: ApplianceZonesOptions = {
  zones: ["kms.test", "Corp.Example"],
  host: "box",
  addresses: ["192.0.2.7", "2001:db8::7"],
  ttl: 3600,
  serial: 2_026_112_101,
  publish: { priority: 1, weight: 2, ports: [1688] },
};

function built(changes: Partial<ApplianceZonesOptions> = {}): readonly Zone[] {
  const zones = buildApplianceZones({ ...OPTIONS, ...changes });
  if (!zones.ok) throw new Error(zones.error.map(({ what }) => what).join("; "));
  return zones.value;
}

/** Lines as the operator would have written them in one zone, or below any. */
function source(lines: string, apex?: string): RecordSource {
  return {
    apex: apex === undefined ? undefined : literalName(apex),
    records: records(lines, literalName(apex ?? "kms.test")),
    placeOf: (index) => ({ kind: "file", file: "lines", line: index + 1, column: 1 }),
  };
}

function mistakes(changes: Partial<ApplianceZonesOptions>): readonly string[] {
  const zones = buildApplianceZones({ ...OPTIONS, ...changes });
  if (zones.ok) return [];
  return zones.error.map(({ place, what }) =>
    place?.kind === "file" ? `${place.line}: ${what}` : what,
  );
}

function text(zone: Zone | undefined): string[] {
  return [...(zone?.records() ?? [])]
    .map(
      ({ name, ttl, type, rdata }) =>
        `${nameToText(name)} ${ttl} ${typeToText(type)} ${rdataToText(type, rdata)}`,
    )
    .toSorted();
}

const V6_ZONE = "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";

describe("the appliance's own zones", () => {
  test("DNS-1, DNS-2: the record is in every zone, the host's addresses in the first", () => {
    const soa = "box.kms.test. hostmaster";
    const times = "2026112101 3600 900 604800 300";
    expect(built().map(text)).toEqual([
      [
        "_vlmcs._tcp.kms.test. 3600 SRV 1 2 1688 box.kms.test.",
        "box.kms.test. 3600 A 192.0.2.7",
        "box.kms.test. 3600 AAAA 2001:db8::7",
        "kms.test. 3600 NS box.kms.test.",
        `kms.test. 3600 SOA ${soa}.kms.test. ${times}`,
      ],
      [
        "_vlmcs._tcp.corp.example. 3600 SRV 1 2 1688 box.kms.test.",
        "corp.example. 3600 NS box.kms.test.",
        `corp.example. 3600 SOA ${soa}.corp.example. ${times}`,
      ],
      [
        "2.0.192.in-addr.arpa. 3600 NS box.kms.test.",
        `2.0.192.in-addr.arpa. 3600 SOA ${soa}.2.0.192.in-addr.arpa. ${times}`,
        "7.2.0.192.in-addr.arpa. 3600 PTR box.kms.test.",
      ],
      [
        `${V6_ZONE} 3600 NS box.kms.test.`,
        `${V6_ZONE} 3600 SOA ${soa}.${V6_ZONE} ${times}`,
        `7.${"0.".repeat(15)}${V6_ZONE} 3600 PTR box.kms.test.`,
      ].toSorted(),
    ]);
  });

  test("DNS-4, DNS-5: withdrawn, the record and the names above it are gone", () => {
    for (const zone of built({ publish: undefined })) {
      expect(text(zone).join()).not.toContain("_vlmcs");
      expect(zone.has(literalName("_tcp.kms.test"))).toBe(false);
    }
  });

  test("one record per port, and no reverse zones where they are not wanted", () => {
    const [first, , third] = built({
      publish: { priority: 0, weight: 0, ports: [1688, 1689] },
      reverse: false,
    });
    expect(text(first).filter((line) => line.includes(" SRV "))).toHaveLength(2);
    expect(third).toBeUndefined();
  });

  test("a full host name, in its closest zone", () => {
    const [first, second] = built({ host: "Box.corp.example" });
    expect(text(second)).toContain("box.corp.example. 3600 A 192.0.2.7");
    expect(text(first)).toContain("kms.test. 3600 NS Box.corp.example.");
    const [outer, inner] = built({ zones: ["test", "kms.test"], host: "box.kms.test." });
    expect(text(inner)).toContain("box.kms.test. 3600 A 192.0.2.7");
    expect(text(outer).join()).not.toContain(" A ");
  });

  test("several addresses of one network share its reverse zone; one of ours may be it", () => {
    const addresses = ["192.0.2.7", "192.0.2.8"];
    expect(built({ addresses })).toHaveLength(3);
    const [, reverse] = built({ zones: ["kms.test", "192.in-addr.arpa"], addresses });
    expect(text(reverse).filter((line) => line.includes(" PTR "))).toHaveLength(2);
  });

  test("DNS-9: records of the operator, their addresses with PTR", () => {
    const sources = [
      source('printer 60 A 192.0.2.9\nb.corp.example. AAAA 2001:db8:1::1\nnote TXT "x y"'),
    ];
    const [first, second, reverse, ...others] = built({ sources });
    expect(text(first)).toContain("printer.kms.test. 60 A 192.0.2.9");
    expect(text(first)).toContain('note.kms.test. 3600 TXT "x y"');
    expect(text(second)).toContain("b.corp.example. 3600 AAAA 2001:db8:1::1");
    expect(text(reverse)).toContain("9.2.0.192.in-addr.arpa. 3600 PTR printer.kms.test.");
    expect(others.flatMap(text).join()).toContain("PTR b.corp.example.");
    expect(others.flatMap(text).join()).not.toContain("NS b.corp.example.");
    expect(built({ sources, reverse: false })).toHaveLength(2);
  });

  test("DNS-9: a reverse name that the operator gave keeps what it was given", () => {
    const reverse = source("7 PTR printer.kms.test.\n8 CNAME 8.sub", "2.0.192.in-addr.arpa");
    const sources = [source("x A 192.0.2.8\n*.y A 192.0.2.9\nprinter A 192.0.2.10"), reverse];
    const zone = built({ sources }).find(({ apex }) => apex[1] === 0x32);
    expect(text(zone).filter((line) => /PTR|CNAME/.test(line))).toEqual([
      "10.2.0.192.in-addr.arpa. 3600 PTR printer.kms.test.",
      "7.2.0.192.in-addr.arpa. 3600 PTR printer.kms.test.",
      "8.2.0.192.in-addr.arpa. 3600 CNAME 8.sub.2.0.192.in-addr.arpa.",
    ]);
  });

  test("DNS-9: SOA and NS of a zone file hold, but for the serial", () => {
    const lines = "@ 60 SOA ns1 admin 7 1 2 3 4\n@ NS ns1\n@ NS ns2.example.\nns1 A 192.0.2.1";
    const [first] = built({ sources: [source(lines, "kms.test")], reverse: false });
    expect(text(first).filter((line) => / (SOA|NS) /.test(line))).toEqual([
      "kms.test. 3600 NS ns1.kms.test.",
      "kms.test. 3600 NS ns2.example.",
      "kms.test. 60 SOA ns1.kms.test. admin.kms.test. 2026112101 1 2 3 4",
    ]);
  });

  test("DNS-9: a zone that only a file names holds what that says; no SRV in it, nor in arpa", () => {
    const zones = built({
      zones: ["kms.test", "0.10.in-addr.arpa"],
      sources: [source("www A 192.0.2.80", "other.test")],
    });
    const [, arpa, other] = zones.map(text);
    expect(other).toContain("www.other.test. 3600 A 192.0.2.80");
    expect(other).toContain("other.test. 3600 NS box.kms.test.");
    expect([...(arpa ?? []), ...(other ?? [])].join()).not.toContain("_vlmcs");
  });

  const place = { kind: "key", path: ["dns", "other_host", 0] } as const;
  const otherHost = {
    name: "second",
    addresses: ["192.0.2.9"],
    port: 1689,
    priority: 5,
    weight: 6,
    place,
  };

  test("DNS-3: other hosts are in every zone, whether this one is or not", () => {
    for (const publish of [OPTIONS.publish, undefined]) {
      const [first, second] = built({ hosts: [otherHost], publish });
      const record = "3600 SRV 5 6 1689 second.kms.test.";
      expect(text(first)).toContain(`_vlmcs._tcp.kms.test. ${record}`);
      expect(text(second)).toContain(`_vlmcs._tcp.corp.example. ${record}`);
      expect(text(first)).toContain("second.kms.test. 3600 A 192.0.2.9");
    }
  });

  test.each<[string, Partial<ApplianceZonesOptions>, string[]]>([
    ["no zones", { zones: [], sources: [source("")] }, ["there is no zone"]],
    ["a bad zone name", { zones: ["kms.test", "a..b"] }, ['"a..b" is no zone name']],
    ["a zone twice", { zones: ["kms.test", "KMS.test."] }, ["the zone KMS.test. is there twice"]],
    ["no host", { host: "." }, ['"." is no host name']],
    ["a bad host", { host: "a..b" }, ['"a..b" is no host name']],
    ["a bad address", { addresses: ["192.0.2"] }, ['"192.0.2" is no address']],
    [
      "records outside",
      { sources: [source("x.example. A 192.0.2.1\ny A 192.0.2.1\nz.example. A 192.0.2.1")] },
      [
        "1: x.example. is outside every zone of this host",
        "3: z.example. is outside every zone of this host",
      ],
    ],
    [
      "a record of a file that belongs to a zone within",
      { zones: ["test", "kms.test"], sources: [source("a.kms A 192.0.2.1", "test")] },
      ["1: a.kms.test. is outside test."],
    ],
    [
      "records that contradict ours, and each other",
      { sources: [source("box CNAME y\na A 192.0.2.1\na CNAME b")] },
      [
        "1: box.kms.test. CNAME is an alias (CNAME) beside other records of its name",
        "3: a.kms.test. CNAME is an alias (CNAME) beside other records of its name",
      ],
    ],
    [
      "a second SOA",
      { sources: [source("@ SOA a b 1 2 3 4 5\n@ SOA c b 1 2 3 4 5", "kms.test")] },
      ["2: kms.test. SOA is a second SOA"],
    ],
    [
      "targets without an address, and aliases as targets",
      {
        sources: [
          source("a SRV 0 0 1 nope\nb MX 0 c\nc CNAME box\nd SRV 0 0 1 .\ne SRV 0 0 1 x.w"),
          source("*.w A 192.0.2.1\nf MX 0 h.example.\nsub NS n.sub\ng MX 0 y.sub"),
        ],
      },
      [
        "1: the target nope.kms.test. has no address",
        "2: the target c.kms.test. is an alias; name the host itself",
      ],
    ],
    [
      "another host without an address",
      { hosts: [{ ...otherHost, addresses: [] }] },
      ["the target second.kms.test. has no address"],
    ],
  ])("%s: refused, with the place", (_, changes, expected) => {
    expect(mistakes(changes)).toEqual(expected);
  });

  test("without a zone there is nothing to serve", () => {
    expect(built({ zones: [] })).toEqual([]);
  });

  test("the same mistake a thousand times is told a few times", () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `x${index}.example. A 192.0.2.1`);
    expect(mistakes({ sources: [source(lines.join("\n"))] })).toHaveLength(MAX_ZONE_MISTAKES);
  });

  test("reverse zones are bounded", () => {
    const lines = Array.from(
      { length: 300 },
      (_, index) => `h${index} A 10.${index >> 8}.${index & 255}.1`,
    );
    const zones = built({ sources: [source(lines.join("\n"))], addresses: [] });
    expect(zones).toHaveLength(OPTIONS.zones.length + MAX_REVERSE_ZONES);
  });

  test("served: the record comes and goes with setZones, as NXDOMAIN with SOA", async () => {
    const server = await startServer();
    const client = await udpClient(server);
    const asked = query({ name: "_vlmcs._tcp.corp.example", type: 33 });
    server.setZones(built());
    expect(readReply(await client.ask(asked))).toMatchObject({
      answer: ["_vlmcs._tcp.corp.example 3600 SRV 1 2 1688 box.kms.test"],
      additional: ["box.kms.test 3600 A 192.0.2.7", "box.kms.test 3600 AAAA 2001:db8::7"],
    });
    server.setZones(built({ publish: undefined }));
    const gone = readReply(await client.ask(asked));
    expect(gone.header).toMatchObject({ rcode: 3, flags: "qr aa" });
    expect(gone.authority[0]).toStartWith("corp.example 300 SOA box.kms.test");
    expect(endpointOf(server).port).toBeGreaterThan(0);
    client.close();
    await server.close();
  });
});

describe("reverse names", () => {
  test.each([
    ["c0000207", "7.2.0.192.in-addr.arpa.", "2.0.192.in-addr.arpa."],
    ["20010db8000000000000000000000abc", `c.b.a.${"0.".repeat(13)}${V6_ZONE}`, V6_ZONE],
  ])("%s", (hex, name, zone) => {
    expect(reverseName(octets(hex))).toBe(name);
    expect(reverseZone(octets(hex))).toBe(zone);
  });
});
