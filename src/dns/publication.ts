/**
 * Keeps the fixed content of the zones true to the appliance's state (DNS-4): composed anew when
 * something changed, and served only where the outcome is another one.
 */
import {
  type ApplianceZonesOptions,
  buildApplianceZones,
  type ComposedZones,
  composeZones,
} from "./appliance-zones.ts";
import { RecordType } from "./codes.ts";
import { readSoa, soaRdata } from "./rdata.ts";
import type { Zone } from "./zone.ts";
import type { ZoneMistake } from "./zone-sources.ts";

/** What may change while the appliance runs. */
export type PublicationFacts = Pick<ApplianceZonesOptions, "addresses" | "publish">;

/** What only changes when the configuration is read again. */
export type PublicationPlan = Omit<ApplianceZonesOptions, "serial" | "addresses" | "publish">;

export type PublicationOptions = {
  readonly zones: PublicationPlan;
  /** The SOA serial of the first zones; later ones count on (RFC 1982). */
  readonly firstSerial: number;
  readonly setZones: (zones: readonly Zone[]) => void;
};

const NONE: readonly ZoneMistake[] = [];

export class Publication {
  readonly #setZones: PublicationOptions["setZones"];
  #plan: PublicationPlan;
  #serial: number;
  #facts = "";
  #zones: readonly Zone[] = [];

  constructor({ zones, firstSerial, setZones }: PublicationOptions) {
    this.#plan = zones;
    this.#setZones = setZones;
    this.#serial = firstSerial >>> 0;
  }

  /** The fixed content as it is served. */
  get zones(): readonly Zone[] {
    return this.#zones;
  }

  /** Serves zones of these facts from the next query on. Gives what forbids that, if anything. */
  update(facts: PublicationFacts): readonly ZoneMistake[] {
    const text = JSON.stringify(facts);
    if (text === this.#facts) return NONE;
    const composed = buildApplianceZones({ ...this.#plan, ...facts, serial: this.#serial });
    if (composed.ok) this.#facts = text;
    return this.#serve(composed);
  }

  /**
   * Serves zones of another plan once they are composed, which `pause` interrupts so that queries
   * are answered meanwhile. Where there are mistakes, everything stays as it is.
   */
  async replace(
    plan: PublicationPlan,
    factsNow: () => PublicationFacts,
    pause: () => Promise<void>,
  ): Promise<readonly ZoneMistake[]> {
    const facts = factsNow();
    const steps = composeZones({ ...plan, ...facts, serial: this.#serial });
    for (;;) {
      const step = steps.next();
      if (step.done !== true) {
        await pause();
        continue;
      }
      if (!step.value.ok) return step.value.error;
      this.#plan = plan;
      this.#facts = JSON.stringify(facts);
      this.#serve(step.value);
      // They may have changed meanwhile.
      return this.update(factsNow());
    }
  }

  #serve(composed: ComposedZones): readonly ZoneMistake[] {
    if (!composed.ok) return composed.error;
    const zones = composed.value.map((zone) => this.#unchanged(zone) ?? zone);
    const before = this.#zones;
    const isSame =
      zones.length === before.length && zones.every((zone, index) => zone === before[index]);
    if (isSame) return NONE;
    this.#serial = (this.#serial + 1) >>> 0;
    this.#zones = zones;
    this.#setZones(zones);
    return NONE;
  }

  /** The zone as it is served already, with its serial, where nothing else differs. */
  #unchanged(zone: Zone): Zone | undefined {
    const key = zone.apex.join();
    const served = this.#zones.find(({ apex }) => apex.join() === key);
    return served !== undefined && isSameZone(served, zone) ? served : undefined;
  }
}

/** In the same order, which the same input gives; the serial aside. */
function isSameZone(first: Zone, second: Zone): boolean {
  if (first.recordSetCount !== second.recordSetCount) return false;
  const others = second.records();
  for (const { name, type, ttl, rdata } of first.records()) {
    const other = others.next().value;
    if (other === undefined || other.type !== type || other.ttl !== ttl) return false;
    if (!isSame(other.name, name)) return false;
    const isSoa = type === RecordType.SOA;
    if (
      !isSame(
        isSoa ? withoutSerial(other.rdata) : other.rdata,
        isSoa ? withoutSerial(rdata) : rdata,
      )
    ) {
      return false;
    }
  }
  return others.next().done === true;
}

function withoutSerial(rdata: Uint8Array): Uint8Array {
  return soaRdata({ ...readSoa(rdata), serial: 0 });
}

function isSame(first: Uint8Array, second: Uint8Array): boolean {
  if (first.length !== second.length) return false;
  for (let index = 0; index < first.length; index += 1) {
    if (first[index] !== second[index]) return false;
  }
  return true;
}
