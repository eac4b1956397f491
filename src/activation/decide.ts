import { HRESULT } from "../protocol/hresult.ts";
import type { ActivationRequest } from "../protocol/types.ts";
import { type Catalogue, ZERO_GUID } from "./catalogue.ts";
import type { ClientSource, RequestEvent } from "./events.ts";
import { countRequest } from "./figures.ts";
import { groupServes } from "./groups.ts";
import type { HostStanding, Policy } from "./policy.ts";
import {
  type ActivationState,
  capacityOf,
  recordDeadline,
  replyCountOf,
  UNKNOWN_APPLICATIONS_MAXIMUM,
} from "./state.ts";

/** Everything a decision depends on besides the request and the state. */
export type DecisionContext = {
  /** Unix milliseconds by the host's clock. */
  readonly now: number;
  /** The time by which records expire, where it is another: the clock is doubted (REPORT-3). */
  readonly expiryNow?: number;
  readonly policy: Policy;
  readonly catalogue: Catalogue;
  readonly standing: HostStanding;
  /** The host sends its clients to others (HOST-12). */
  readonly draining: boolean;
  /** Numeric, without port. */
  readonly peerAddress: string;
};

/** What a request leaves behind, for the store: an entry in the log and mostly more. */
export type RequestEffect = {
  readonly event: RequestEvent;
  readonly source: ClientSource;
  /**
   * When record and inventory say that it came, where that is another time than the event's: while
   * the clock is behind the time that is believed (REPORT-3).
   */
  readonly enteredAt?: number;
  /** Whether the client enters or updates the inventory (COUNT-9). */
  readonly inInventory: boolean;
  /** The record of the client that is no more. */
  readonly replacedSequence: number | undefined;
  /** The record that the client has now. */
  readonly recordSequence: number | undefined;
};

/** The answer to a request, and what it leaves behind. */
export type Decision = {
  readonly hresult: number;
  /** 0 where `hresult` is an error. */
  readonly count: number;
  readonly effect: RequestEffect;
};

const MILLISECONDS_PER_MINUTE = 60_000;
/** The last moment of ECMAScript dates, 275760-09-13; the first is as far on the other side. */
const DATE_LIMIT = 8.64e15;

/**
 * Decides one request: the hresult, the count (COUNT-1) and the effects, which are already in
 * `state` as part of the group at hand.
 */
export function decide(
  request: ActivationRequest,
  state: ActivationState,
  context: DecisionContext,
): Decision {
  const hresult = examine(request, state, context);
  if (hresult !== HRESULT.success) {
    state.figures = countRequest(state.figures, undefined);
    return failed(requestEvent(request, hresult, 0, context), request.cmid !== ZERO_GUID);
  }
  state.figures = countRequest(state.figures, request.licenceState);
  return { hresult, ...counted(request, state, context) };
}

/** What {@link decide} would answer, with the count as it stands; changes nothing (opnum Probe). */
export function preview(
  request: ActivationRequest,
  state: ActivationState,
  context: DecisionContext,
): { readonly hresult: number; readonly count: number } {
  const hresult = examine(request, state, context);
  const application = state.application(request.applicationId);
  if (hresult !== HRESULT.success || application === undefined) return { hresult, count: 0 };
  const { now, expiryNow = now, policy } = context;
  const { cache, largestRequiredCount } = application;
  const count = cache.countSince(recordDeadline(expiryNow, policy));
  return { hresult, count: replyCountOf(count, largestRequiredCount, policy) };
}

/** Decides octets that are no request: logged and counted as failed, nothing else (EVENT-1). */
export function decideUnreadable(
  detail: string,
  state: ActivationState,
  context: Pick<DecisionContext, "now" | "peerAddress">,
): Decision {
  state.figures = countRequest(state.figures, undefined);
  return failed(unreadableEvent(detail, HRESULT.malformedRequest, context), false);
}

/** An event whose client fields could not be read. */
export function unreadableEvent(
  detail: string,
  hresult: number,
  { now, peerAddress }: Pick<DecisionContext, "now" | "peerAddress">,
): RequestEvent {
  return {
    time: now,
    hresult,
    requiredCount: 0,
    machineName: "",
    cmid: ZERO_GUID,
    clientTime: 0,
    virtual: false,
    licenceState: 0,
    minutesToExpiration: 0,
    activationId: ZERO_GUID,
    applicationId: ZERO_GUID,
    count: 0,
    peerAddress,
    detail,
  };
}

/** What forbids the request; success where nothing does. */
function examine(
  request: ActivationRequest,
  state: ActivationState,
  { now, policy, catalogue, standing, draining }: DecisionContext,
): number {
  if (standing.kind === "disabled") return HRESULT.serviceNotEnabled;
  if (standing.kind === "unlicensed") return HRESULT.hostNotActivated;
  if (draining) return HRESULT.busy;
  const { applicationId, activationId, cmid } = request;
  // An id of zeros names nobody: all clients that forgot theirs would be one (COUNT-1).
  if (cmid === ZERO_GUID || applicationId === ZERO_GUID || activationId === ZERO_GUID) {
    return HRESULT.malformedRequest;
  }
  if (policy.timeToleranceMinutes !== undefined) {
    const difference = Math.abs(request.clientTime - now);
    // Written so that a time that is no number is out of range as well.
    if (!(difference <= policy.timeToleranceMinutes * MILLISECONDS_PER_MINUTE)) {
      return HRESULT.timeStampOutOfRange;
    }
  }
  const product = catalogue.find(activationId);
  if (product !== undefined) {
    const serves = groupServes(standing.group, product.group);
    return serves && product.applicationId === applicationId
      ? HRESULT.success
      : HRESULT.productNotServed;
  }
  if (policy.unknownProducts === "refuse") return HRESULT.productNotServed;
  const limit = catalogue.applications.length + UNKNOWN_APPLICATIONS_MAXIMUM;
  const hasRoom = state.applicationCount < limit || state.application(applicationId) !== undefined;
  return hasRoom ? HRESULT.success : HRESULT.productNotServed;
}

/** Renews the client's record and counts (COUNT-3 to COUNT-8). */
function counted(
  request: ActivationRequest,
  state: ActivationState,
  context: DecisionContext,
): { readonly count: number; readonly effect: RequestEffect } {
  const { now, expiryNow = now, policy, catalogue } = context;
  const { applicationId, cmid, virtual } = request;
  // A client that asks for none still counts as one, so none is treated as one.
  const required = Math.min(Math.max(request.requiredCount, 1), catalogue.largestThreshold);
  const application = state.widenedApplication(applicationId, required);
  const { cache, largestRequiredCount } = application;
  cache.expire(recordDeadline(expiryNow, policy));
  // Under a clock that fell back, a record would be long expired once it is right again.
  const enteredAt = Math.max(now, expiryNow);
  let replacedSequence: number | undefined;
  let recordSequence: number | undefined;
  if (virtual && policy.counting === "physical") {
    // A machine that was physical when it last asked and is virtual now counts no more.
    replacedSequence = cache.remove(cmid);
  } else {
    recordSequence = state.takeSequence();
    replacedSequence = cache.renew({ cmid, sequence: recordSequence, time: enteredAt, virtual });
    cache.trim(capacityOf(largestRequiredCount, policy));
  }
  const count = replyCountOf(cache.size, largestRequiredCount, policy);
  const event = requestEvent(request, HRESULT.success, count, context);
  return {
    count,
    effect: {
      event,
      source: "own",
      ...(enteredAt === now ? {} : { enteredAt }),
      inInventory: true,
      replacedSequence,
      recordSequence,
    },
  };
}

function failed(event: RequestEvent, inInventory: boolean): Decision {
  return {
    hresult: event.hresult,
    count: 0,
    effect: {
      event,
      source: "own",
      inInventory,
      replacedSequence: undefined,
      recordSequence: undefined,
    },
  };
}

function requestEvent(
  request: ActivationRequest,
  hresult: number,
  count: number,
  { now, peerAddress }: DecisionContext,
): RequestEvent {
  return {
    time: now,
    hresult,
    requiredCount: request.requiredCount,
    machineName: request.machineName,
    cmid: request.cmid,
    clientTime: dateTime(request.clientTime),
    virtual: request.virtual,
    licenceState: request.licenceState,
    minutesToExpiration: request.minutesToExpiration,
    activationId: request.activationId,
    applicationId: request.applicationId,
    count,
    peerAddress,
    detail: "",
  };
}

/** A client's time as one that a date can be made of: 1601 and 9999 pass, nonsense does not. */
function dateTime(clientTime: number): number {
  if (!Number.isFinite(clientTime)) return 0;
  return Math.trunc(Math.min(Math.max(clientTime, -DATE_LIMIT), DATE_LIMIT));
}
