import { describe, expect, test } from "bun:test";
import { literalName } from "../../src/dns/name.ts";
import { Publication, type PublicationPlan } from "../../src/dns/publication.ts";
import type { Zone } from "../../src/dns/zone.ts";
import { records } from "./support.ts";

const PLAN: PublicationPlan = { zones: ["lab.test", "corp.test"], host: "box", ttl: 60 };
const FACTS = { addresses: ["192.0.2.1"], publish: { priority: 0, weight: 0, ports: [1688] } };

function published(firstSerial = 7) {
  const served: (readonly Zone[])[] = [];
  const publication = new Publication({
    zones: PLAN,
    firstSerial,
    setZones: (zones) => served.push(zones),
  });
  const serials = () => publication.zones.map((zone) => zone.soa.serial);
  return { publication, served, serials };
}

const withRecord = (line: string): PublicationPlan => ({
  ...PLAN,
  sources: [
    {
      apex: undefined,
      records: records(line, literalName("lab.test")),
      placeOf: () => ({ kind: "key", path: ["dns", "record", 0] }),
    },
  ],
});

describe("DNS-4: the fixed content follows the facts", () => {
  test("the same facts serve nothing anew; others do, and the serial rises", () => {
    const { publication, served, serials } = published();
    expect(publication.update(FACTS)).toEqual([]);
    expect(publication.update(structuredClone(FACTS))).toEqual([]);
    expect(served).toHaveLength(1);
    expect(serials()).toEqual([7, 7, 7]);
    publication.update({ ...FACTS, publish: undefined });
    expect(served).toHaveLength(2);
    // The reverse zone holds what it held.
    expect(serials()).toEqual([8, 8, 7]);
    publication.update({ ...FACTS, addresses: ["192.0.2.2"], publish: undefined });
    expect(serials()).toEqual([9, 8, 9]);
  });

  test("serials go round the corner (RFC 1982)", () => {
    const { publication, serials } = published(0xffff_ffff);
    publication.update(FACTS);
    publication.update({ ...FACTS, publish: undefined });
    expect(serials()).toEqual([0, 0, 0xffff_ffff]);
  });

  test("another plan: only zones that differ are others; a mistake changes nothing", async () => {
    const { publication, served, serials } = published();
    publication.update(FACTS);
    let pauses = 0;
    const pause = async (): Promise<void> => {
      pauses += 1;
    };
    const plan = withRecord("x TXT new");
    expect(await publication.replace(plan, () => FACTS, pause)).toEqual([]);
    expect(serials()).toEqual([8, 7, 7]);
    expect(pauses).toBeGreaterThan(0);
    expect(await publication.replace(plan, () => FACTS, pause)).toEqual([]);
    expect(served).toHaveLength(2);
    const [mistake] = await publication.replace(withRecord("box CNAME y"), () => FACTS, pause);
    expect(mistake).toMatchObject({ place: { path: ["dns", "record", 0] } });
    expect(served).toHaveLength(2);
    expect(publication.zones[0]?.has(literalName("x.lab.test"))).toBe(true);
  });

  test("facts that change while it is composed are not lost", async () => {
    const { publication } = published();
    publication.update(FACTS);
    let facts: Parameters<Publication["update"]>[0] = FACTS;
    const pause = async (): Promise<void> => {
      facts = { ...FACTS, publish: undefined };
      publication.update(facts);
    };
    await publication.replace(withRecord("x TXT new"), () => facts, pause);
    const [zone] = publication.zones;
    expect(zone?.has(literalName("x.lab.test"))).toBe(true);
    expect(zone?.has(literalName("_vlmcs._tcp.lab.test"))).toBe(false);
  });
});
