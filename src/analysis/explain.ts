/** Why a machine is or is not activated, from what the host knows of it ([E]'s troubleshooting). */
import { HRESULT } from "../protocol/hresult.ts";
import type { Guid, LicenceStateName } from "../protocol/types.ts";
import { silentFrom } from "./intervals.ts";
import { type LastRequest, presumeState, type StateRules } from "./presumed-state.ts";
import { adviseOnResult } from "./result-advice.ts";
import { countWords, machineWords, spanWords, timeWords } from "./wording.ts";

export type ExplainedClient = LastRequest & {
  readonly cmid: Guid;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  /** Untrusted text. */
  readonly machineName: string;
  readonly address: string;
  readonly virtual: boolean;
};

export type ExplainContext = {
  readonly rules: StateRules;
  readonly now: number;
  /** The count of its application now; undefined where nobody counts it. */
  readonly count: number | undefined;
  /** By the catalogue; undefined where it lacks the product. */
  readonly productName: string | undefined;
  /** Whether virtual machines raise the count (COUNT-3, COUNT-4). */
  readonly counting: "all" | "physical";
  /** What `muster duplicates` says of its id; undefined where nothing. */
  readonly duplicate: string | undefined;
};

export type Explanation = {
  readonly cmid: Guid;
  readonly machineName: string;
  readonly address: string;
  readonly productName: string | undefined;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  /**
   * `activated`; `waiting`: the count did not suffice; `refused`: answered with an error;
   * `lapsed`: activated once, and too long silent; `elsewhere`: a genuine client, seen here and
   * not this host's to activate.
   */
  readonly verdict: "activated" | "waiting" | "refused" | "lapsed" | "elsewhere";
  /** The HRESULT that the client shows. */
  readonly code: number;
  readonly asked: {
    readonly at: number;
    readonly count: number;
    readonly threshold: number;
    readonly shortfall: number;
    readonly reportedState: number;
  };
  readonly countNow: number | undefined;
  /** How many machines lack now; 0 where none do. */
  readonly shortfallNow: number | undefined;
  readonly state: LicenceStateName;
  readonly stateEndsAt: number | undefined;
  readonly asksAgainAt: number;
  /** It should have asked again by now, and has not. */
  readonly isOverdue: boolean;
  /** Why, in one sentence; safe to show. */
  readonly reason: string;
  /** What to do, each a sentence; safe to show. */
  readonly advice: readonly string[];
};

export function explainClient(client: ExplainedClient, context: ExplainContext): Explanation {
  const { rules, now, count } = context;
  const presumed = presumeState(client, rules, now);
  const verdict = verdictOf(client, presumed.isActivated, presumed.state);
  const { requiredCount: threshold, lastCount, lastSeen } = client;
  const facts = {
    verdict,
    code: codeOf(verdict, client),
    asked: {
      at: lastSeen,
      count: lastCount,
      threshold,
      shortfall: verdict === "waiting" ? threshold - lastCount : 0,
      reportedState: client.licenceState,
    },
    countNow: count,
    shortfallNow: count === undefined ? undefined : Math.max(0, threshold - count),
    state: presumed.state,
    stateEndsAt: presumed.endsAt,
    asksAgainAt: presumed.asksAgainAt,
    isOverdue: silentFrom(lastSeen, presumed.isActivated, rules.intervals) <= now,
  };
  return {
    cmid: client.cmid,
    machineName: client.machineName,
    address: client.address,
    productName: context.productName,
    applicationId: client.applicationId,
    activationId: client.activationId,
    ...facts,
    reason: reasonOf(client, facts, context),
    advice: adviceOf(client, facts, context),
  };
}

type Facts = Pick<
  Explanation,
  | "verdict"
  | "code"
  | "asked"
  | "countNow"
  | "shortfallNow"
  | "state"
  | "stateEndsAt"
  | "asksAgainAt"
  | "isOverdue"
>;

function verdictOf(
  client: ExplainedClient,
  isActivated: boolean,
  state: LicenceStateName,
): Explanation["verdict"] {
  if (client.source !== "own") return "elsewhere";
  if (isActivated) return state === "licensed" ? "activated" : "lapsed";
  return client.lastResult === HRESULT.success ? "waiting" : "refused";
}

function codeOf(verdict: Explanation["verdict"], { lastResult }: ExplainedClient): number {
  switch (verdict) {
    case "activated":
      return HRESULT.success;
    case "waiting":
      return HRESULT.countInsufficient;
    case "lapsed":
      return HRESULT.noHostReachable;
    case "refused":
    case "elsewhere":
      return lastResult;
  }
}

function reasonOf(client: ExplainedClient, facts: Facts, { now }: ExplainContext): string {
  const machine = machineWords(client.machineName, client.address);
  const { asked, stateEndsAt } = facts;
  const ago = `${spanWords(now - asked.at)} ago`;
  switch (facts.verdict) {
    case "activated":
      return (
        `${machine} is activated: when it asked ${ago}, the count was ${asked.count} and it ` +
        `needs ${asked.threshold}` +
        (stateEndsAt === undefined ? "" : `; valid until ${timeWords(stateEndsAt)}`)
      );
    case "waiting":
      return (
        `${machine} is not activated: when it asked ${ago}, the count was ${asked.count} and it ` +
        `needs ${asked.threshold}, ${asked.shortfall} more`
      );
    case "refused":
      return (
        `${machine} is not activated: its request ${ago} was refused, ` +
        adviseOnResult(client.lastResult).meaning
      );
    case "lapsed":
      return `${machine} was activated ${ago} and has not renewed since: its activation has run out`;
    case "elsewhere":
      return (
        `${machine} is a genuine client that found this host ${ago} (${client.source}); ` +
        "its activation is a licensed host's business"
      );
  }
}

function adviceOf(client: ExplainedClient, facts: Facts, context: ExplainContext): string[] {
  const advice: string[] = [];
  if (context.duplicate !== undefined) advice.push(context.duplicate);
  if (facts.verdict === "waiting") advice.push(...countAdvice(client, facts, context));
  if (facts.verdict === "refused") advice.push(adviseOnResult(client.lastResult).advice);
  if (facts.verdict === "elsewhere") {
    advice.push("activate it at the organisation's licensed host, or let relay mode pass it on");
  }
  if (facts.verdict === "lapsed" || (facts.isOverdue && facts.verdict !== "elsewhere")) {
    const due = timeWords(facts.asksAgainAt);
    advice.push(
      `it was to ask again at ${due} and has not: look whether it runs, finds this host in DNS ` +
        "and reaches the activation port",
    );
  }
  if (advice.length === 0) advice.push("nothing has to be done");
  return advice;
}

function countAdvice(client: ExplainedClient, facts: Facts, context: ExplainContext): string[] {
  const { shortfallNow, countNow } = facts;
  const advice: string[] = [];
  if (shortfallNow === 0) {
    advice.push(
      `the count is ${countNow} by now: it activates when it asks again, or at once by ` +
        "`slmgr /ato` on the machine",
    );
  } else {
    const missing = countWords(shortfallNow ?? facts.asked.shortfall, "more machine");
    advice.push(`let ${missing} with ids of their own ask this host`);
  }
  if (client.virtual && context.counting === "physical") {
    advice.push("virtual machines do not raise the count here (activation.counting)");
  }
  return advice;
}
