/** The records that came by update, apart from those the appliance makes or was configured with. */
import type { Name } from "../name.ts";
import type { RecordSet } from "../zone.ts";
import { nameKey, rdataKey } from "./record-keys.ts";

/** A record set of one name; empty: there is none. */
export type NamedSet = RecordSet & { readonly name: Name };

/** A record set whose records are found by what they hold. */
export type KeyedSet = {
  readonly type: number;
  readonly ttl: number;
  readonly rdata: ReadonlyMap<string, Uint8Array>;
};

/** Record sets by name: the stored ones, or those that an update would leave. */
export type DynamicView = {
  readonly sets: (name: Name) => ReadonlyMap<number, KeyedSet>;
  /** Records in all. */
  readonly size: number;
};

const NO_SETS: ReadonlyMap<number, KeyedSet> = new Map();

export function keyedSet({ type, ttl, rdata }: RecordSet): KeyedSet {
  return { type, ttl, rdata: new Map(rdata.map((data) => [rdataKey(type, data), data])) };
}

export class DynamicRecords implements DynamicView {
  readonly #names = new Map<
    string,
    { readonly name: Name; readonly sets: Map<number, KeyedSet> }
  >();
  #size = 0;

  constructor(sets: readonly NamedSet[] = []) {
    for (const set of sets) this.put(set.name, keyedSet(set));
  }

  get size(): number {
    return this.#size;
  }

  readonly sets = (name: Name): ReadonlyMap<number, KeyedSet> =>
    this.#names.get(nameKey(name))?.sets ?? NO_SETS;

  /** Every name that has records. */
  *names(): Generator<Name> {
    for (const { name } of this.#names.values()) yield name;
  }

  put(name: Name, set: KeyedSet): void {
    const key = nameKey(name);
    const entry = this.#names.get(key) ?? { name, sets: new Map<number, KeyedSet>() };
    this.#size += set.rdata.size - (entry.sets.get(set.type)?.rdata.size ?? 0);
    if (set.rdata.size > 0) entry.sets.set(set.type, set);
    else entry.sets.delete(set.type);
    if (entry.sets.size > 0) this.#names.set(key, entry);
    else this.#names.delete(key);
  }
}

/** Changes on top of a view, which stays as it is: dropped, or taken over as a whole. */
export class Draft implements DynamicView {
  readonly #base: DynamicView;
  readonly #names = new Map<
    string,
    { readonly name: Name; readonly sets: Map<number, KeyedSet> }
  >();
  #grown = 0;

  constructor(base: DynamicView) {
    this.#base = base;
  }

  get size(): number {
    return this.#base.size + this.#grown;
  }

  readonly sets = (name: Name): ReadonlyMap<number, KeyedSet> =>
    this.#names.get(nameKey(name))?.sets ?? this.#base.sets(name);

  put(name: Name, set: KeyedSet): void {
    const key = nameKey(name);
    const entry = this.#names.get(key) ?? { name, sets: new Map(this.#base.sets(name)) };
    this.#grown += set.rdata.size - (entry.sets.get(set.type)?.rdata.size ?? 0);
    if (set.rdata.size > 0) entry.sets.set(set.type, set);
    else entry.sets.delete(set.type);
    this.#names.set(key, entry);
  }

  /** The sets that differ from the base's, as they are now. */
  changes(): readonly NamedSet[] {
    return [...this.#names.values()].flatMap(({ name, sets }) => {
      const before = this.#base.sets(name);
      const types = new Set([...before.keys(), ...sets.keys()]);
      return [...types].flatMap((type) => {
        const [old, now] = [before.get(type), sets.get(type)];
        if (isSameSet(old, now)) return [];
        return [{ name, type, ttl: now?.ttl ?? 0, rdata: [...(now?.rdata.values() ?? [])] }];
      });
    });
  }
}

function isSameSet(first: KeyedSet | undefined, second: KeyedSet | undefined): boolean {
  if (first === undefined || second === undefined) return first === second;
  if (first.ttl !== second.ttl || first.rdata.size !== second.rdata.size) return false;
  for (const key of first.rdata.keys()) if (!second.rdata.has(key)) return false;
  return true;
}
