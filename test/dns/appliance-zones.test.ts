import { describe, expect, test } from "bun:test";
import { type ApplianceZonesOptions, buildApplianceZones } from "../../src/dns/appliance-zones.ts";
import { literalName, nameToText } from "../../src/dns/name.ts";
import { typeToText } from "../../src/dns/rdata.ts";
import { rdataToText } from "../../src/dns/record-text.ts";
import { reverseName, reverseZone } from "../../src/dns/reverse.ts";
import type { Zone } from "../../src/dns/zone.ts";
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
  if (!zones.ok) throw new Error(zones.error.code);
  return zones.value;
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

  test("DNS-9: records as text, their addresses with PTR", () => {
    const lines = [
      "printer 60 A 192.0.2.9",
      "b.corp.example. AAAA 2001:db8:1::1",
      'note TXT "x y"',
    ];
    const [first, second, reverse, ...others] = built({ staticRecords: lines });
    expect(text(first)).toContain("printer.kms.test. 60 A 192.0.2.9");
    expect(text(first)).toContain('note.kms.test. 3600 TXT "x y"');
    expect(text(second)).toContain("b.corp.example. 3600 AAAA 2001:db8:1::1");
    expect(text(reverse)).toContain("9.2.0.192.in-addr.arpa. 3600 PTR printer.kms.test.");
    expect(others.flatMap(text).join()).toContain("PTR b.corp.example.");
    expect(others.flatMap(text).join()).not.toContain("NS b.corp.example.");
    expect(built({ staticRecords: lines, reverse: false })).toHaveLength(2);
  });

  test("DNS-3, DNS-9: further records go into their closest zone", () => {
    const extra = records(
      "_vlmcs._tcp SRV 5 0 1688 other\nother A 192.0.2.9",
      literalName("kms.test"),
    );
    const [first] = built({ records: extra });
    expect(text(first)).toContain("_vlmcs._tcp.kms.test. 3600 SRV 5 0 1688 other.kms.test.");
    expect(text(first)).toContain("other.kms.test. 3600 A 192.0.2.9");
  });

  test.each([
    ["no zones", { zones: [] }, { code: "no-zones" }],
    ["a bad zone name", { zones: ["a..b"] }, { code: "bad-zone-name", text: "a..b" }],
    [
      "a zone twice",
      { zones: ["kms.test", "KMS.test."] },
      { code: "same-zone-twice", text: "KMS.test." },
    ],
    ["no host", { host: "." }, { code: "bad-host" }],
    ["a bad host", { host: "a..b" }, { code: "bad-host" }],
    ["a bad address", { addresses: ["192.0.2"] }, { code: "bad-address", text: "192.0.2" }],
    [
      "a record that is none",
      { staticRecords: ["x A 1.2.3"] },
      { code: "bad-record", text: "x A 1.2.3", error: { code: "malformed", offset: 4 } },
    ],
    [
      "a record outside",
      { records: records("x.example. A 192.0.2.1", literalName(".")) },
      { code: "record-outside-zones" },
    ],
    [
      "a record that contradicts ours",
      { records: records("box CNAME y", literalName("kms.test")) },
      { code: "bad-zone", errors: [{ code: "cname-and-other-data" }] },
    ],
  ])("%s is refused", (_, changes, error) => {
    expect(buildApplianceZones({ ...OPTIONS, ...changes })).toMatchObject({ ok: false, error });
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
