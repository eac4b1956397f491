import type { Guid } from "../protocol/types.ts";
import { type CacheRecord, CountingCache, MILLISECONDS_PER_DAY } from "./counting-cache.ts";
import { type Figures, NO_FIGURES } from "./figures.ts";
import type { Policy } from "./policy.ts";
import { UndoLog } from "./undo-log.ts";

/** Applications that keep a count, catalogued ones aside: a forged application id gets none. */
export const UNKNOWN_APPLICATIONS_MAXIMUM = 64;
/** What "every client" means for an unbounded cache: memory is still finite (COUNT-8). */
const UNBOUNDED_CAPACITY = 1_048_576;

/** What a store keeps of one application. */
export type SavedApplication = {
  readonly applicationId: Guid;
  readonly largestRequiredCount: number;
  /** In order of sequence. */
  readonly records: readonly CacheRecord[];
};

/** What a store keeps of the rules' state. */
export type SavedState = {
  readonly applications: readonly SavedApplication[];
  readonly figures: Figures;
};

export const EMPTY_SAVED_STATE: SavedState = { applications: [], figures: NO_FIGURES };

/** One application's count (COUNT-5). */
export type ApplicationState = {
  readonly applicationId: Guid;
  readonly cache: CountingCache;
  /**
   * Of all clients since the last reset, bounded by the catalogue (COUNT-7); 0 before the first.
   */
  readonly largestRequiredCount: number;
};

/** What a group of requests left behind in an application, for the store. */
export type ApplicationEffect = {
  readonly applicationId: Guid;
  readonly largestRequiredCount: number;
  /** Every record of a lower sequence is gone: they leave oldest first (COUNT-7). */
  readonly oldestSequence: number;
  /** Every record of a later time is set back to this one: the host's clock was. */
  readonly settledTime: number | undefined;
};

/** What a group of requests left behind besides the requests themselves, for the store. */
export type GroupEffect = {
  readonly applications: readonly ApplicationEffect[];
  readonly figures: Figures;
};

/** How many records the cache holds at most (COUNT-7, COUNT-8). */
export function capacityOf(largestRequiredCount: number, policy: Policy): number {
  return policy.capacity === "unbounded" ? UNBOUNDED_CAPACITY : 2 * largestRequiredCount;
}

/** Records made at this time or before are no longer in their 30 days (COUNT-6). */
export function recordDeadline(now: number, policy: Policy): number {
  return now - policy.recordDays * MILLISECONDS_PER_DAY;
}

/** The count as a reply says it (COUNT-1, COUNT-7, COUNT-8). */
export function replyCountOf(count: number, largestRequiredCount: number, policy: Policy): number {
  return policy.replyCount === "capped" ? Math.min(count, 2 * largestRequiredCount) : count;
}

/**
 * Everything the rules remember between requests. Changes belong to the group of requests at hand,
 * all of one time by the host's clock, until {@link ActivationState.accept} keeps them or
 * {@link ActivationState.rollback} takes them back, exactly.
 */
export class ActivationState {
  readonly #undo = new UndoLog();
  readonly #applications = new Map<Guid, ApplicationState>();
  readonly #touched = new Set<Guid>();
  #figures: Figures;
  #nextSequence = 1;

  /** Takes up what a store kept. Records that `policy` or the time since ruled out are left out. */
  constructor(saved: SavedState, policy: Policy, now: number) {
    this.#figures = saved.figures;
    for (const application of saved.applications) this.#restore(application, policy, now);
    this.accept();
  }

  get figures(): Figures {
    return this.#figures;
  }

  get applications(): Iterable<ApplicationState> {
    return this.#applications.values();
  }

  get applicationCount(): number {
    return this.#applications.size;
  }

  application(applicationId: Guid): ApplicationState | undefined {
    return this.#applications.get(applicationId);
  }

  /**
   * The application, made where there is none yet, with room for clients that ask for `required`.
   */
  widenedApplication(applicationId: Guid, required: number): ApplicationState {
    this.#touched.add(applicationId);
    const known = this.#applications.get(applicationId);
    if (known !== undefined && known.largestRequiredCount >= required) return known;
    const cache = known?.cache ?? new CountingCache(this.#undo);
    return this.#put({ applicationId, cache, largestRequiredCount: required }, known);
  }

  set figures(figures: Figures) {
    const before = this.#figures;
    this.#figures = figures;
    this.#undo.push(() => {
      this.#figures = before;
    });
  }

  /** The sequence of the next record. Never handed out twice, even where a group was taken back. */
  takeSequence(): number {
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    return sequence;
  }

  /**
   * Forgets the clients and the largest required count of one application, or of all (COUNT-12);
   * figures stay (HOST-8). Returns the applications that were reset.
   */
  reset(applicationId: Guid | undefined): readonly Guid[] {
    const ids = [...this.#applications.keys()].filter((id) => id === (applicationId ?? id));
    for (const id of ids) {
      const known = this.#applications.get(id);
      const cache = new CountingCache(this.#undo);
      this.#put({ applicationId: id, cache, largestRequiredCount: 0 }, known);
      this.#touched.add(id);
    }
    return ids;
  }

  /** What the store has to keep of the group at hand, besides its requests. */
  groupEffect(): GroupEffect {
    const applications = [...this.#touched].flatMap((applicationId) => {
      const application = this.#applications.get(applicationId);
      if (application === undefined) return [];
      const { cache, largestRequiredCount } = application;
      const oldestSequence = cache.oldestSequence ?? this.#nextSequence;
      const { settledTime } = cache;
      return [{ applicationId, largestRequiredCount, oldestSequence, settledTime }];
    });
    return { applications, figures: this.#figures };
  }

  /** The group at hand is stored: its changes stay. */
  accept(): void {
    this.#undo.forget();
    this.#endGroup();
  }

  /** The group at hand was not stored: its changes never happened. */
  rollback(): void {
    this.#undo.rollback();
    this.#endGroup();
  }

  #endGroup(): void {
    for (const id of this.#touched) this.#applications.get(id)?.cache.forgetSettledTime();
    this.#touched.clear();
  }

  #put(application: ApplicationState, before: ApplicationState | undefined): ApplicationState {
    const { applicationId } = application;
    this.#applications.set(applicationId, application);
    this.#undo.push(() => {
      if (before === undefined) this.#applications.delete(applicationId);
      else this.#applications.set(applicationId, before);
    });
    return application;
  }

  #restore(saved: SavedApplication, policy: Policy, now: number): void {
    const { applicationId, largestRequiredCount, records } = saved;
    const cache = new CountingCache(this.#undo);
    this.#applications.set(applicationId, { applicationId, cache, largestRequiredCount });
    for (const record of records) {
      this.#nextSequence = Math.max(this.#nextSequence, record.sequence + 1);
      if (policy.counting === "physical" && record.virtual) continue;
      cache.renew(record);
    }
    cache.forgetSettledTime();
    cache.expire(recordDeadline(now, policy));
    cache.trim(capacityOf(largestRequiredCount, policy));
    this.#undo.forget();
  }
}
