import { RecordType } from "./codes.ts";
import { parentName, ROOT } from "./name.ts";
import { soaRdata } from "./rdata.ts";
import { Zone, type ZoneRecord } from "./zone.ts";

/** How long "there is no such name" may be kept; short, as a zone may be added at any time. */
const ISOLATED_TTL_SECONDS = 60;

/**
 * An empty root zone (DNS-8): on a network without any other DNS, whatever is asked outside our
 * zones does not exist, and the client learns so at once. The names above our zones stay alive in
 * it, or NXDOMAIN for a parent would deny the zone below (RFC 8020 §2).
 */
export function isolatedRootZone(zones: readonly Zone[]): Zone {
  const ttl = ISOLATED_TTL_SECONDS;
  const server = zones[0]?.soa.primary ?? ROOT;
  const soa = soaRdata({
    primary: server,
    mailbox: ROOT,
    serial: 1,
    refreshSeconds: 3600,
    retrySeconds: 900,
    expireSeconds: 604_800,
    minimumSeconds: ttl,
  });
  const records: ZoneRecord[] = [
    { name: ROOT, type: RecordType.SOA, ttl, rdata: soa },
    { name: ROOT, type: RecordType.NS, ttl, rdata: server },
  ];
  const root = Zone.fromRecords(ROOT, records);
  if (!root.ok) throw new Error("the empty root zone is sound by construction");
  for (const zone of zones) root.value.addEmptyName(parentName(zone.apex));
  return root.value;
}
