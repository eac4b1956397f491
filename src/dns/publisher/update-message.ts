/** UPDATE messages of a client (RFC 2136 §2). */
import { Opcode, RecordClass, RecordType } from "../codes.ts";
import type { Name } from "../name.ts";
import { joinOctets, octets16 } from "../rdata.ts";
import type { Job, OwnData } from "./schedule.ts";

/**
 * Takes away the records of the job, one by one by their data (class NONE, §2.5.4), then adds those
 * that it wants (§2.5.1). Records of others under the name are not touched.
 */
export function updateMessage(id: number, apex: Name, job: Job): Uint8Array {
  const { name, ttl, remove, add } = job;
  const counts = octets16(id, Opcode.UPDATE << 11, 1, 0, remove.length + add.length, 0);
  const zone = [apex, octets16(RecordType.SOA, RecordClass.IN)];
  const removals = remove.flatMap((data) => record(name, data, RecordClass.NONE, 0));
  const additions = add.flatMap((data) => record(name, data, RecordClass.IN, ttl));
  return joinOctets([counts, ...zone, ...removals, ...additions]);
}

function record(
  name: Name,
  { type, rdata }: OwnData,
  recordClass: number,
  ttl: number,
): Uint8Array[] {
  const head = octets16(type, recordClass, ttl >>> 16, ttl & 0xffff, rdata.length);
  return [name, head, rdata];
}
