/** What is remembered of a publication over a restart, as text. */
import { literalName, nameFromText, nameToText } from "../name.ts";
import { isRdata } from "../rdata.ts";
import type { OwnData, Wish } from "./schedule.ts";

/** Where the memory is kept; both may reject. */
export type PublicationMemory = {
  readonly load: () => Promise<string | undefined>;
  readonly save: (text: string) => Promise<unknown>;
};

export function memoryToText(wishes: readonly Wish[]): string {
  return JSON.stringify(
    wishes.map(({ name, ttl, records }) => ({
      name: nameToText(name),
      ttl,
      records: records.map(({ type, rdata }) => [type, rdata.toHex()]),
    })),
  );
}

/** What cannot be read is forgotten: it may be another version's. */
export function memoryFromText(text: string | undefined): readonly Wish[] {
  if (text === undefined) return [];
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(entries) ? entries.flatMap(readEntry) : [];
}

function readEntry(entry: unknown): Wish[] {
  const { name, ttl, records } = (entry ?? {}) as Record<string, unknown>;
  if (typeof name !== "string" || typeof ttl !== "number" || !Array.isArray(records)) return [];
  return nameFromText(name).ok
    ? [{ name: literalName(name), ttl, records: records.flatMap(readData) }]
    : [];
}

function readData(data: unknown): OwnData[] {
  const [type, hex] = Array.isArray(data) ? data : [];
  if (typeof type !== "number" || typeof hex !== "string") return [];
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/.test(hex)) return [];
  const rdata = Uint8Array.fromHex(hex);
  return isRdata(type, rdata) ? [{ type, rdata }] : [];
}
