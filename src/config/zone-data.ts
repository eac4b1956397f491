/** The zones as the configuration wants them: its own records, and those of the files it names. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { literalName } from "../dns/name.ts";
import type { PublicationPlan } from "../dns/publication.ts";
import type { ZoneRecord } from "../dns/zone.ts";
import { type FilePlace, readZoneFile } from "../dns/zone-file.ts";
import {
  MAX_ZONE_MISTAKES,
  type RecordPlace,
  type RecordSource,
  type ZoneMistake,
} from "../dns/zone-sources.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import type { Configuration } from "./configuration.ts";

/** A hundred thousand names are about 4 MB. */
const ZONE_FILE_OCTETS_MAXIMUM = 64 * 1024 * 1024;
/** Records between two pauses of {@link readZonePlan}. */
const SLICE_RECORDS = 1000;

export type ZoneFileSettings = {
  readonly zone: string;
  /** Absolute. */
  readonly path: string;
  /** As it was written, for messages. */
  readonly shownPath: string;
};

/**
 * Reads the zone files, in slices: whoever drives it may let others run after each. All mistakes of
 * all files, but not too many.
 */
export function* readZonePlan(
  dns: Configuration["dns"],
): Generator<undefined, Result<PublicationPlan, readonly ZoneMistake[]>> {
  const sources: RecordSource[] = [];
  const mistakes: ZoneMistake[] = [];
  if (dns.records.length > 0) {
    const { records } = dns;
    const placeOf = (index: number): RecordPlace => keyPlace("record", records[index]?.index ?? 0);
    sources.push({ apex: undefined, records, placeOf });
  }
  for (const [index, file] of dns.zoneFiles.entries()) {
    const text = readText(file.path);
    if (text.ok) sources.push(yield* readFile(file, text.value, dns.ttl, mistakes));
    else mistakes.push({ place: keyPlace("zone_file", index, "path"), what: text.error });
  }
  if (mistakes.length > 0) return fail(mistakes.slice(0, MAX_ZONE_MISTAKES));
  const { zones, host, ttl, reverse, otherHosts } = dns;
  const hosts = otherHosts.map((other, index) => ({
    ...other,
    place: keyPlace("other_host", index),
  }));
  return ok({ zones, host, ttl, reverse, hosts, sources });
}

function keyPlace(list: string, index: number, ...rest: readonly string[]): RecordPlace {
  return { kind: "key", path: ["dns", list, index, ...rest] };
}

function* readFile(
  { zone, shownPath: file }: ZoneFileSettings,
  text: string,
  defaultTtl: number,
  mistakes: ZoneMistake[],
): Generator<undefined, RecordSource> {
  const apex = literalName(zone);
  const records: ZoneRecord[] = [];
  const places: FilePlace[] = [];
  for (const entry of readZoneFile(text, { apex, defaultTtl })) {
    if (entry.ok) {
      const { name, type, ttl, rdata, ...place } = entry.value;
      records.push({ name, type, ttl, rdata });
      places.push(place);
      if (records.length % SLICE_RECORDS === 0) yield undefined;
      continue;
    }
    const { what, ...place } = entry.error;
    mistakes.push({ place: { kind: "file", file, ...place }, what });
    if (mistakes.length >= MAX_ZONE_MISTAKES) break;
  }
  const placeOf = (index: number): RecordPlace => {
    const { line, column } = places[index] ?? { line: 1, column: 1 };
    return { kind: "file", file, line, column };
  };
  return { apex, records, placeOf };
}

function readText(path: string): Result<string, string> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const stat = fstatSync(descriptor);
    // A pipe might never end, and a folder has no text.
    if (!stat.isFile()) return fail("is no file");
    if (stat.size > ZONE_FILE_OCTETS_MAXIMUM) return fail("is larger than 64 MiB");
    const octets = new Uint8Array(stat.size);
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, octets, length, octets.length - length, null);
      length += count;
      if (count === 0 || length === octets.length) break;
    }
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(octets.subarray(0, length)));
  } catch (error) {
    if (error instanceof TypeError) return fail("is not UTF-8 text");
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return fail("no such file");
    return fail(code === "EACCES" ? "permission denied" : String(code ?? error));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
