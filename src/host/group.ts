import {
  type Decision,
  type DecisionContext,
  decide,
  decideUnreadable,
  type RequestEffect,
} from "../activation/decide.ts";
import { EVENT_CODE, type GeneralEvent } from "../activation/events.ts";
import type { ActivationState } from "../activation/state.ts";
import { sha256 } from "../platform/hash.ts";
import type { Result } from "../platform/result.ts";
import { HRESULT } from "../protocol/hresult.ts";
import { encodeReply } from "../protocol/reply.ts";
import type { Guid } from "../protocol/types.ts";
import type { CommitGroup } from "../store/group.ts";
import type { StoreFailure } from "../store/health.ts";
import type { HostSettings } from "./settings.ts";
import type { HostAnswer, RequestWork, ResetWork, Work } from "./work.ts";

type Decided = {
  readonly work: RequestWork;
  readonly decision: Decision;
  answer: HostAnswer | undefined;
};

/**
 * Work that shares one commit (STORE-2): decided in order, then stored, and signed meanwhile;
 * answered when it is stored, or undone and refused when it is not.
 */
export class HostGroup {
  readonly #state: ActivationState;
  readonly #settings: HostSettings;
  readonly #now: HostTime;
  readonly #decided: Decided[] = [];
  readonly #effects: RequestEffect[] = [];
  readonly #general: GeneralEvent[] = [];
  #resets: readonly Guid[] = [];
  #reset: ResetWork | undefined;

  constructor(
    work: readonly Work[],
    state: ActivationState,
    settings: HostSettings,
    now: HostTime,
  ) {
    this.#state = state;
    this.#settings = settings;
    this.#now = now;
    for (const one of work) this.#take(one);
  }

  /** What the store has to keep; asked once, after everything is decided. */
  commitGroup(): CommitGroup {
    return {
      requests: this.#effects,
      effect: this.#state.groupEffect(),
      resets: this.#resets,
      general: this.#general,
    };
  }

  /** Makes the answers, which nobody hears before the group is stored. */
  sign(): void {
    for (const decided of this.#decided) decided.answer = this.#answerTo(decided);
  }

  /** Keeps or takes back what was decided. */
  settle(outcome: Result<unknown, StoreFailure>): void {
    if (outcome.ok) this.#state.accept();
    else this.#state.rollback();
  }

  deliver(outcome: Result<unknown, StoreFailure>): void {
    const refusal = outcome.ok ? undefined : refuse(outcome.error.hresult);
    for (const decided of this.#decided) {
      decided.work.deliver(refusal ?? decided.answer ?? this.#answerTo(decided));
    }
    this.#reset?.done(outcome.ok ? { ok: true, value: this.#resets } : outcome);
  }

  #take(work: Work): void {
    if (work.kind === "observation") this.#effects.push(work.effect);
    else if (work.kind === "reset") this.#takeReset(work);
    else this.#takeRequest(work);
  }

  #takeRequest(work: RequestWork): void {
    const context = contextOf(this.#settings, this.#now, work.peerAddress);
    const decision =
      work.request === undefined
        ? decideUnreadable(work.detail, this.#state, context)
        : decide(work.request, this.#state, context);
    this.#effects.push(decision.effect);
    this.#decided.push({ work, decision, answer: undefined });
  }

  #takeReset(work: ResetWork): void {
    this.#reset = work;
    this.#resets = this.#state.reset(work.applicationId);
    const detail = JSON.stringify({ applications: this.#resets });
    const { countReset: code } = EVENT_CODE;
    this.#general.push({ code, time: this.#now.now, hresult: HRESULT.success, detail });
  }

  #answerTo({ work, decision }: Decided): HostAnswer {
    const { hresult, count } = decision;
    if (hresult !== HRESULT.success) return refuse(hresult);
    return replyWith(count, work.octets, this.#settings, this.#now.now);
  }
}

/**
 * The time of requests, and the time by which records expire: the same while nothing is doubted.
 */
export type HostTime = { readonly now: number; readonly expiryNow: number };

export function contextOf(
  settings: HostSettings,
  { now, expiryNow }: HostTime,
  peerAddress: string,
): DecisionContext {
  const { policy, catalogue, standing, draining } = settings;
  return { now, expiryNow, policy, catalogue, standing, draining, peerAddress };
}

/** The signed reply to the request of `octets` (HOST-2). */
export function replyWith(
  count: number,
  octets: Uint8Array,
  settings: HostSettings,
  now: number,
): HostAnswer {
  const { identity, standing, activationIntervalMinutes, renewalIntervalMinutes } = settings;
  const reply = {
    selfIssued: standing.kind === "licensed" && standing.selfIssued,
    count,
    activationIntervalMinutes,
    renewalIntervalMinutes,
    hostTime: now,
    hostId: identity.hostId,
  };
  return {
    hresult: HRESULT.success,
    octets: encodeReply(reply, octets, sha256, identity.sign),
  };
}

export function refuse(hresult: number): HostAnswer {
  return { hresult, octets: undefined };
}

/** Answers work that cannot even wait. */
export function refuseWork(work: Work, failure: StoreFailure): void {
  if (work.kind === "request") work.deliver(refuse(failure.hresult));
  else if (work.kind === "reset") work.done({ ok: false, error: failure });
}
