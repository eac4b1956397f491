/** The records of zones as text, for reports and files. */
import { nameToText } from "./name.ts";
import { typeToText } from "./rdata.ts";
import { rdataToText } from "./record-text.ts";
import type { Zone } from "./zone.ts";

export type PublishedRecord = {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  /** As a zone file writes it (RFC 1035 §5). */
  readonly data: string;
};

/** Of each zone; a report is not the place for a hundred thousand. */
const MAX_REPORTED_RECORDS = 200;

/** The first records of each zone: SOA, NS, the service and its hosts before all others. */
export function publishedRecords(zones: readonly Zone[]): readonly PublishedRecord[] {
  return zones.flatMap((zone) => {
    const records: PublishedRecord[] = [];
    for (const { name, type, ttl, rdata } of zone.records()) {
      if (records.length === MAX_REPORTED_RECORDS) break;
      const data = rdataToText(type, rdata);
      const [owner, apex] = [nameToText(name), nameToText(zone.apex)];
      records.push({ zone: apex, name: owner, type: typeToText(type), ttlSeconds: ttl, data });
    }
    return records;
  });
}

/**
 * The zone as a master file (RFC 1035 §5), line by line: names in full, the SOA first, unknown
 * types as RFC 3597 has them.
 */
export function* zoneFileLines(zone: Zone): Generator<string> {
  yield `$ORIGIN ${nameToText(zone.apex)}`;
  for (const { name, type, ttl, rdata } of zone.records()) {
    yield `${nameToText(name)} ${ttl} IN ${typeToText(type)} ${rdataToText(type, rdata)}`;
  }
}
