/** Records of the DNS zones that came by update (DNS-7). */
import type { Database } from "bun:sqlite";

/** All records of one name and type; without any, the set is removed. */
export type StoredRecordSet = {
  readonly name: Uint8Array;
  readonly type: number;
  readonly ttl: number;
  readonly rdata: readonly Uint8Array[];
};

/** Up to which serial a zone may be served. */
type StoredSerial = { readonly apex: Uint8Array; readonly serial: number };

/** What is stored together, and what was: a set takes the place of the one before. */
export type DnsChange = {
  readonly sets: readonly StoredRecordSet[];
  readonly serials: readonly StoredSerial[];
};

/** Throws SQLite's error, with nothing done. */
export function writeDnsChange(database: Database, { sets, serials }: DnsChange): void {
  const remove = database.query("DELETE FROM dns_record WHERE name = ? AND type = ?");
  const insert = database.query(
    "INSERT INTO dns_record (name, type, rdata, ttl) VALUES (?, ?, ?, ?)",
  );
  const putSerial = database.query("INSERT OR REPLACE INTO dns_zone (apex, serial) VALUES (?, ?)");
  database.run("BEGIN IMMEDIATE");
  try {
    for (const { name, type, ttl, rdata } of sets) {
      remove.run(name, type);
      for (const data of rdata) insert.run(name, type, data, ttl);
    }
    for (const { apex, serial } of serials) putSerial.run(apex, serial);
    database.run("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.run("ROLLBACK");
    throw error;
  }
}

type RecordRow = readonly [name: Uint8Array, type: number, rdata: Uint8Array, ttl: number];

export function readDnsRecords(database: Database): DnsChange {
  const sets: { name: Uint8Array; type: number; ttl: number; rdata: Uint8Array[] }[] = [];
  const rows = database
    .query("SELECT name, type, rdata, ttl FROM dns_record ORDER BY name, type, rdata")
    .values() as unknown as RecordRow[];
  for (const [name, type, rdata, ttl] of rows) {
    const last = sets.at(-1);
    if (last?.type === type && Buffer.compare(last.name, name) === 0) last.rdata.push(rdata);
    else sets.push({ name, type, ttl, rdata: [rdata] });
  }
  const serials = database
    .query("SELECT apex, serial FROM dns_zone")
    .all() as unknown as StoredSerial[];
  return { sets, serials };
}
