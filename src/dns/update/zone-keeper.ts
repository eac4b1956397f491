/**
 * Keeps the zones that are served: joins fixed and dynamic records, gives each state a serial of
 * its own, and lets no update be seen before it is in the store (DNS-7).
 */
import type { Clock } from "../../platform/clock.ts";
import type { Result } from "../../platform/result.ts";
import { isMetaType, Rcode, RecordType } from "../codes.ts";
import { isName, isWithin, type Name, sameName } from "../name.ts";
import { isRdata, soaRdata } from "../rdata.ts";
import type { Zone } from "../zone.ts";
import { Draft, DynamicRecords, keyedSet, type NamedSet } from "./dynamic-records.ts";
import { evaluateUpdate } from "./evaluate.ts";
import type { Requester } from "./policy.ts";
import type { UpdateRefusal, UpdateRequest } from "./request.ts";
import { type FixedZone, putName, servedSets, zoneContent } from "./zone-content.ts";
import { type SerialReservation, ZoneSerials } from "./zone-serials.ts";

export type SavedDynamic = {
  readonly sets: readonly NamedSet[];
  readonly serials: readonly SerialReservation[];
};

/** Where dynamic records are kept. An empty set takes the place of one that is gone. */
export type DynamicStorage = {
  /** Rejects where the store cannot be read. */
  readonly load: () => Promise<SavedDynamic>;
  /** Stores all of it or none. */
  readonly commit: (change: SavedDynamic) => Promise<Result<unknown, unknown>>;
};

export type ZoneKeeperOptions = {
  readonly storage: DynamicStorage;
  /** The appliance's own name. */
  readonly host: Name;
  readonly clock: Clock;
  /** Serves these zones from the next query on. */
  readonly setZones: (zones: readonly Zone[]) => void;
};

export type UpdateJob = {
  readonly apex: Name;
  readonly request: UpdateRequest;
  readonly requester: Requester;
};

export type UpdateOutcome = {
  readonly rcode: typeof Rcode.NOERROR | UpdateRefusal;
  readonly changed: boolean;
};

type Waiting = {
  readonly job: UpdateJob;
  readonly resolve: (outcome: UpdateOutcome) => void;
  readonly reject: (error: unknown) => void;
};

/** Updates that share a commit ask for no more than this together, unless it is a single one. */
const BATCH_OPERATIONS = 4096;

const FAILED: UpdateOutcome = { rcode: Rcode.SERVFAIL, changed: false };

export class ZoneKeeper {
  readonly #options: ZoneKeeperOptions;
  readonly #serials: ZoneSerials;
  #fixed: readonly FixedZone[] = [];
  /** In the order of `#fixed`. */
  #served: readonly Zone[] = [];
  /** Undefined until the store was read. */
  #records: DynamicRecords | undefined;
  #queue: Waiting[] = [];
  /** Loading and batches run one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ZoneKeeperOptions) {
    this.#options = options;
    this.#serials = new ZoneSerials(options.clock);
  }

  /** What is served now. */
  get zones(): readonly Zone[] {
    return this.#served;
  }

  /**
   * Reads what is stored, at start and whenever the store came back. Until it succeeded, updates
   * are answered SERVFAIL and only fixed records are served. Rejects where it cannot be read.
   */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      const saved = await this.#options.storage.load();
      this.#records = new DynamicRecords(saved.sets.filter(isSound));
      this.#serials.restore(saved.serials);
      await this.#reserve(this.#serials.wantedForAll());
      if (this.#fixed.length > 0) this.#rebuild();
    });
  }

  /** Serves zones with these fixed records from now on; they must not be changed any more. */
  setFixed(zones: readonly Zone[]): void {
    const { host } = this.#options;
    const before = this.#fixed.map(({ zone }, index) => [zone, this.#served[index]] as const);
    // With the same apexes each name stays in its zone, and a zone that is the same as it is.
    const hasSameApexes =
      zones.length === before.length && zones.every(({ apex }) => this.#find(apex) >= 0);
    this.#fixed = zones.map((zone) => ({ zone, host }));
    this.#rebuild(new Map(hasSameApexes ? before : []));
    if (this.#records === undefined) return;
    const wanted = zones.flatMap(({ apex }) => this.#serials.wanted(apex));
    if (wanted.length > 0) void this.#inTurn(() => this.#reserve(wanted));
  }

  /** Whether the name belongs to the zone, and not to one below it that is ours too. */
  belongs(name: Name, apex: Name): boolean {
    const closest = this.#closest(name);
    return closest !== undefined && sameName(closest.zone.apex, apex);
  }

  has(apex: Name): boolean {
    return this.#find(apex) >= 0;
  }

  /** Does the update; resolves when it is stored and served. */
  submit(job: UpdateJob): Promise<UpdateOutcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      // Those that come while another batch is being stored become one batch.
      if (this.#queue.length === 1) void this.#inTurn(() => this.#runBatch());
    });
  }

  #inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #runBatch(): Promise<void> {
    const batch = this.#takeBatch();
    try {
      const outcomes = await this.#perform(batch.map(({ job }) => job));
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] ?? FAILED);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  #takeBatch(): readonly Waiting[] {
    let operations = 0;
    const end = this.#queue.findIndex(({ job }, index) => {
      operations += job.request.operations.length;
      return index > 0 && operations > BATCH_OPERATIONS;
    });
    const batch = this.#queue.splice(0, end < 0 ? this.#queue.length : end);
    if (this.#queue.length > 0) void this.#inTurn(() => this.#runBatch());
    return batch;
  }

  async #perform(jobs: readonly UpdateJob[]): Promise<readonly UpdateOutcome[]> {
    const records = this.#records;
    if (records === undefined) return jobs.map(() => FAILED);
    const draft = new Draft(records);
    const steps = new Map<Name, number>();
    const outcomes = jobs.map((job): UpdateOutcome => {
      const fixed = this.#fixed[this.#find(job.apex)];
      if (fixed === undefined) return { rcode: Rcode.NOTAUTH, changed: false };
      const { apex } = fixed.zone;
      const serial = this.#serials.current(apex);
      const state = { fixed, dynamic: draft, serial };
      const after = evaluateUpdate(state, job.request, job.requester);
      if (!after.ok) return { rcode: after.error, changed: false };
      const changes = after.value.changes();
      if (changes.length > 0) {
        for (const set of changes) draft.put(set.name, keyedSet(set));
        steps.set(apex, (steps.get(apex) ?? 0) + 1);
      }
      return { rcode: Rcode.NOERROR, changed: changes.length > 0 };
    });
    return (await this.#store(draft.changes(), steps)) ? outcomes : jobs.map(() => FAILED);
  }

  /** Stores, then serves; false where nothing was done. */
  async #store(sets: readonly NamedSet[], steps: ReadonlyMap<Name, number>): Promise<boolean> {
    if (steps.size === 0) return true;
    const serials = [...steps].flatMap(([apex, count]) => this.#serials.wanted(apex, count));
    const stored = await this.#options.storage.commit({ sets, serials });
    if (!stored.ok) return false;
    this.#serials.noteReserved(serials);
    for (const set of sets) this.#records?.put(set.name, keyedSet(set));
    // Fixed records may have changed meanwhile: what is served follows those of now.
    for (const { name } of sets) this.#serve(name);
    for (const [apex, count] of steps) this.#setSerial(apex, this.#serials.advance(apex, count));
    this.#options.setZones(this.#served);
    return true;
  }

  #serve(name: Name): void {
    const fixed = this.#closest(name);
    const zone = fixed && this.#served[this.#fixed.indexOf(fixed)];
    if (fixed === undefined || zone === undefined) return;
    putName(zone, name, servedSets(fixed, name, this.#dynamicSets(name)));
  }

  /** `kept`: served zones that hold what they should already, by their fixed content. */
  #rebuild(kept: ReadonlyMap<Zone, Zone | undefined> = new Map()): void {
    const names = new Map<FixedZone, Name[]>(this.#fixed.map((fixed) => [fixed, []]));
    for (const name of this.#records?.names() ?? []) {
      const closest = this.#closest(name);
      if (closest !== undefined) names.get(closest)?.push(name);
    }
    const fresh: Name[] = [];
    this.#served = [...names].map(([fixed, own]) => {
      const served = kept.get(fixed.zone);
      if (served !== undefined) return served;
      fresh.push(fixed.zone.apex);
      return zoneContent(fixed, own, this.#dynamicSets);
    });
    for (const apex of fresh) this.#setSerial(apex, this.#serials.advance(apex));
    this.#options.setZones(this.#served);
  }

  readonly #dynamicSets = (name: Name) => this.#records?.sets(name) ?? new Map();

  #setSerial(apex: Name, serial: number): void {
    const zone = this.#served[this.#find(apex)];
    const ttl = zone?.get(apex, RecordType.SOA)?.ttl;
    if (zone === undefined || ttl === undefined) return;
    const rdata = [soaRdata({ ...zone.soa, serial })];
    zone.replace(apex, { type: RecordType.SOA, ttl, rdata });
  }

  async #reserve(serials: readonly SerialReservation[]): Promise<void> {
    if (serials.length === 0) return;
    const stored = await this.#options.storage.commit({ sets: [], serials });
    if (stored.ok) this.#serials.noteReserved(serials);
  }

  #find(apex: Name): number {
    return this.#fixed.findIndex(({ zone }) => sameName(zone.apex, apex));
  }

  #closest(name: Name): FixedZone | undefined {
    let closest: FixedZone | undefined;
    for (const fixed of this.#fixed) {
      const { apex } = fixed.zone;
      if (!isWithin(name, apex)) continue;
      if (closest === undefined || apex.length > closest.zone.apex.length) closest = fixed;
    }
    return closest;
  }
}

/** What another version stored may be nothing that this one can serve. */
function isSound({ name, type, rdata }: NamedSet): boolean {
  return isName(name) && !isMetaType(type) && rdata.every((data) => isRdata(type, data));
}
