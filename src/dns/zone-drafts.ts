import { isWithin, literalName, lowerName, type Name } from "./name.ts";
import { NameScan } from "./name-scan.ts";
import { NameTable } from "./name-table.ts";
import type { Zone, ZoneRecord } from "./zone.ts";

const REVERSE_TREES: readonly Name[] = ["in-addr.arpa", "ip6.arpa"].map((text) =>
  literalName(text),
);

/** A zone while it is put together. */
export type Draft = {
  readonly apex: Name;
  readonly isReverse: boolean;
  /** Of the operator. */
  soa: ZoneRecord | undefined;
  readonly nameServers: ZoneRecord[];
  /** What the appliance makes itself. */
  readonly made: ZoneRecord[];
  zone: Zone | undefined;
};

/** The zones in work, found by name: quickly, for every record is looked for. */
export class ZoneDrafts {
  readonly all: Draft[] = [];
  readonly #apexes = new NameTable();
  readonly #scan = new NameScan();

  /** The draft of this apex, made where there is none. */
  at(name: Name): Draft {
    const known = this.find(name);
    if (known !== undefined) return known;
    const apex = lowerName(name);
    const isReverse = REVERSE_TREES.some((tree) => isWithin(apex, tree));
    const draft = { apex, isReverse, soa: undefined, nameServers: [], made: [], zone: undefined };
    const { lower, length, hashes } = this.#scan.scanName(apex);
    this.#apexes.add(lower, 0, length, hashes[0] ?? 0);
    this.all.push(draft);
    return draft;
  }

  find(name: Name): Draft | undefined {
    return this.#suffix(this.#scan.scanName(name), 0);
  }

  /** The draft that the name belongs to. */
  closest(name: Name): Draft | undefined {
    const scan = this.#scan.scanName(name);
    for (let label = 0; label <= scan.labels; label += 1) {
      const draft = this.#suffix(scan, label);
      if (draft !== undefined) return draft;
    }
    return undefined;
  }

  #suffix({ lower, starts, length, hashes }: NameScan, label: number): Draft | undefined {
    const start = starts[label] ?? 0;
    return this.all[this.#apexes.find(lower, start, length - start, hashes[label] ?? 0)];
  }
}
