import { RecordType } from "./codes.ts";
import { NameScan } from "./name-scan.ts";
import { NameTable } from "./name-table.ts";
import type { Zone } from "./zone.ts";

/** The zones a server answers for; finds the one closest to a name. Zone apexes are distinct. */
export class ZoneSet {
  readonly zones: readonly Zone[];
  readonly #apexes = new NameTable();

  constructor(zones: readonly Zone[]) {
    const scan = new NameScan();
    for (const zone of zones) {
      scan.scanName(zone.apex);
      if (this.#find(scan, 0) >= 0) throw new Error("two zones with one apex");
      this.#apexes.add(scan.lower, 0, scan.length, scan.hashes[0] ?? 0);
    }
    this.zones = zones;
  }

  /** The label at which the apex of the closest zone begins in the name; -1 if none is ours. */
  closestLabel(name: NameScan, from = 0): number {
    for (let label = from; label <= name.labels; label += 1) {
      if (this.#find(name, label) >= 0) return label;
    }
    return -1;
  }

  /** The zone whose apex is the suffix at `label`. */
  zoneAt(name: NameScan, label: number): Zone | undefined {
    return this.zones[this.#find(name, label)];
  }

  /**
   * The label of the zone that answers a query (RFC 1034 §4.3.2 step 2). DS at an apex belongs to
   * the parent's side of the cut (RFC 4035 §3.1.4.1), where that zone is ours too and delegates.
   */
  labelFor(name: NameScan, type: number): number {
    const closest = this.closestLabel(name);
    if (type !== RecordType.DS || closest !== 0) return closest;
    const parent = this.closestLabel(name, 1);
    const zone = parent < 0 ? undefined : this.zoneAt(name, parent);
    const node = zone?.find(name, 0) ?? -1;
    return zone !== undefined && node >= 0 && zone.cutAbove(node) === node ? parent : closest;
  }

  #find(name: NameScan, label: number): number {
    const start = name.starts[label] ?? 0;
    return this.#apexes.find(name.lower, start, name.length - start, name.hashes[label] ?? 0);
  }
}
