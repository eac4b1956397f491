/**
 * The case study's two summaries [C]: what was asked (REPORT-1), and how machines stand
 * (REPORT-2).
 */
import type { Guid, LicenceStateName } from "../protocol/types.ts";
import { LICENCE_STATES } from "../protocol/types.ts";
import { MILLISECONDS_PER_DAY } from "./intervals.ts";
import { type LastRequest, presumeState, type StateRules } from "./presumed-state.ts";

/** Requests of one day, product and outcome, as the event log holds them. */
export type ActivityCount = {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** null: of a request that could not be read. */
  readonly activationId: Guid | null;
  /**
   * `activation`: of a client that was not licensed, and is now. `renewal`: of a licensed one.
   * `waiting`: the count did not suffice. `refused`: answered with an error.
   */
  readonly outcome: "activation" | "renewal" | "waiting" | "refused";
  readonly requests: number;
};

export type ActivityRow = {
  /** `2026-01-15`, UTC. */
  readonly day: string;
  readonly host: string;
  /** By the catalogue; the id where it lacks the product, empty where none could be read. */
  readonly product: string;
  readonly activations: number;
  readonly renewals: number;
  readonly waiting: number;
  readonly refused: number;
};

const OUTCOME_COLUMN = {
  activation: "activations",
  renewal: "renewals",
  waiting: "waiting",
  refused: "refused",
} as const;

/** REPORT-1: by day, then product; the newest day first. */
export function activityReport(
  counts: Iterable<ActivityCount>,
  host: string,
  productName: (activationId: Guid) => string | undefined,
): readonly ActivityRow[] {
  const rows = new Map<string, { -readonly [field in keyof ActivityRow]: ActivityRow[field] }>();
  for (const { day, activationId, outcome, requests } of counts) {
    const product = activationId === null ? "" : (productName(activationId) ?? activationId);
    const text = new Date(day * MILLISECONDS_PER_DAY).toISOString().slice(0, 10);
    const key = `${text} ${product}`;
    const none = { activations: 0, renewals: 0, waiting: 0, refused: 0 };
    const row = rows.get(key) ?? { day: text, host, product, ...none };
    row[OUTCOME_COLUMN[outcome]] += requests;
    rows.set(key, row);
  }
  return [...rows.values()].sort(
    (one, other) => compare(other.day, one.day) || compare(one.product, other.product),
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** A client as the inventory keeps it. */
export type LicensedClient = LastRequest & {
  readonly cmid: Guid;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  /** Untrusted text. */
  readonly machineName: string;
  readonly address: string;
};

export type ExpiringMachine = {
  readonly cmid: Guid;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  readonly machineName: string;
  readonly address: string;
  readonly lastSeen: number;
  readonly state: LicenceStateName;
  /** When that state ends. */
  readonly endsAt: number;
};

export type LicensingReport = {
  readonly machines: number;
  /** By the state that each is presumed to be in now. */
  readonly byState: Readonly<Record<LicenceStateName, number>>;
  /** By product and state. */
  readonly byProduct: readonly {
    readonly activationId: Guid;
    readonly byState: Readonly<Record<LicenceStateName, number>>;
  }[];
  /** Licensed machines by the days that are left to renew, each at most `days`. */
  readonly daysLeft: readonly { readonly days: number; readonly machines: number }[];
  /** Machines whose state ends within the days asked for, the first to end first. */
  readonly expiring: readonly ExpiringMachine[];
  /** Of those, all; the list may hold fewer. */
  readonly expiringTotal: number;
};

/** Days left up to which machines are counted together; the last is whatever is above. */
const DAYS_LEFT = [7, 30, 60, 90, 120, 150] as const;
/** Machines named in one report. */
const EXPIRING_NAMED_MAXIMUM = 1000;

export type LicensingOptions = {
  readonly rules: StateRules;
  readonly now: number;
  /** An activation that ends within so many days is about to expire. */
  readonly activationDays: number;
  /** A grace period that ends within so many days is. */
  readonly graceDays: number;
};

/** Takes clients as they are read: the inventory need not be at hand at once. */
export class LicensingSummary {
  readonly #options: LicensingOptions;
  readonly #byState = emptyStates();
  readonly #byProduct = new Map<Guid, Record<LicenceStateName, number>>();
  readonly #daysLeft = [...DAYS_LEFT, Number.POSITIVE_INFINITY].map((days) => ({
    days,
    machines: 0,
  }));
  readonly #expiring: ExpiringMachine[] = [];
  #machines = 0;
  #expiringTotal = 0;

  constructor(options: LicensingOptions) {
    this.#options = options;
  }

  take(client: LicensedClient): void {
    const { rules, now, activationDays, graceDays } = this.#options;
    const { state, endsAt } = presumeState(client, rules, now);
    this.#machines += 1;
    this.#byState[state] += 1;
    this.#ofProduct(client.activationId)[state] += 1;
    if (endsAt === undefined) return;
    const days = (endsAt - now) / MILLISECONDS_PER_DAY;
    if (state === "licensed") {
      const bucket = this.#daysLeft.find((one) => days <= one.days);
      if (bucket !== undefined) bucket.machines += 1;
    }
    if (days > (state === "licensed" ? activationDays : graceDays)) return;
    this.#expiringTotal += 1;
    this.#keep({ ...identityOf(client), state, endsAt });
  }

  finish(): LicensingReport {
    return {
      machines: this.#machines,
      byState: this.#byState,
      byProduct: [...this.#byProduct].map(([activationId, byState]) => ({
        activationId,
        byState,
      })),
      daysLeft: this.#daysLeft,
      expiring: this.#expiring.sort(byEnd).slice(0, EXPIRING_NAMED_MAXIMUM),
      expiringTotal: this.#expiringTotal,
    };
  }

  #ofProduct(activationId: Guid): Record<LicenceStateName, number> {
    const known = this.#byProduct.get(activationId);
    if (known !== undefined) return known;
    const states = emptyStates();
    this.#byProduct.set(activationId, states);
    return states;
  }

  /** Those that end first, whatever the number: now and then what is beyond the limit goes. */
  #keep(machine: ExpiringMachine): void {
    this.#expiring.push(machine);
    if (this.#expiring.length < 2 * EXPIRING_NAMED_MAXIMUM) return;
    this.#expiring.sort(byEnd);
    this.#expiring.length = EXPIRING_NAMED_MAXIMUM;
  }
}

export function licensingReport(
  clients: Iterable<LicensedClient>,
  options: LicensingOptions,
): LicensingReport {
  const summary = new LicensingSummary(options);
  for (const client of clients) summary.take(client);
  return summary.finish();
}

function identityOf(client: LicensedClient): Omit<ExpiringMachine, "state" | "endsAt"> {
  const { cmid, applicationId, activationId, machineName, address, lastSeen } = client;
  return { cmid, applicationId, activationId, machineName, address, lastSeen };
}

function byEnd(one: ExpiringMachine, other: ExpiringMachine): number {
  return one.endsAt - other.endsAt;
}

function emptyStates(): Record<LicenceStateName, number> {
  return Object.fromEntries(LICENCE_STATES.map((state) => [state, 0])) as Record<
    LicenceStateName,
    number
  >;
}
