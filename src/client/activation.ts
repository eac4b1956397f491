import { formatHresult, HRESULT } from "../protocol/hresult.ts";
import {
  type AttemptFailure,
  attemptHost,
  type ClientWorld,
  type Machine,
  requestOf,
  type VerifiedReply,
} from "./attempt.ts";
import { hostsToTry, type LookupFailure, type LookupHosts } from "./discovery.ts";
import { formatHostAddress, type HostAddress } from "./host-address.ts";
import {
  activatedLicence,
  boundedInterval,
  type LicenceRecord,
  licenceAt,
} from "./licence-record.ts";
import {
  type ActivationOutcome,
  type Attempt,
  HOST_UNAVAILABLE_HRESULT,
  lookupWords,
  presentAttempt,
  refusalWords,
  trustHelp,
  trustHresult,
  trustWords,
} from "./outcome.ts";
import { type ClientState, KEPT_LICENCES_MAXIMUM, storedLicence } from "./state.ts";

/** Hosts that one run asks at most: a zone full of dead records must not keep a client forever. */
export const ATTEMPTS_MAXIMUM = 16;

const MINUTE_MS = 60_000;

export type ActivationResult = {
  readonly outcome: ActivationOutcome;
  /** To be kept for the next time, whatever the outcome. */
  readonly state: ClientState;
};

/**
 * One run of a client (CLIENT-1 to CLIENT-3, CLIENT-5, CLIENT-7, COUNT-2): hosts are asked one
 * after another until one gives a reply that is believed. A host that does not answer, refuses or
 * is not trusted leaves the list; when none is left, the worst that was met decides the outcome:
 * a refusal before distrust, distrust before silence. Never rejects for anything a host or a
 * network does.
 */
export async function runActivation(
  world: ClientWorld,
  state: ClientState,
  machine: Machine,
  lookupHosts: LookupHosts,
): Promise<ActivationResult> {
  const attempts: FailedAttempt[] = [];
  const hosts = hostsToTry({
    fixedHost: state.fixedHost ?? undefined,
    cachedHost: (state.hostCaching ? state.cachedHost : null) ?? undefined,
    lookupHosts,
  });
  let lookupFailure: LookupFailure | undefined;
  while (attempts.length < ATTEMPTS_MAXIMUM) {
    const next = await hosts.next();
    if (next.done === true) {
      lookupFailure = next.value ?? undefined;
      break;
    }
    const now = world.clock();
    const licence = licenceAt(recordOf(state), now);
    const request = requestOf(state, licence, machine, now, world.randomBytes);
    const attempted = await attemptHost(world, state, request, next.value);
    if (attempted.ok) {
      return answered(state, attempted.value, next.value, attempts, licence, world.clock());
    }
    attempts.push({ server: next.value, failure: attempted.error });
  }
  return unanswered(state, attempts, lookupFailure, world.clock());
}

type FailedAttempt = { readonly server: HostAddress; readonly failure: AttemptFailure };

function recordOf({ licence }: ClientState): LicenceRecord {
  return { state: licence.state, expiresAt: licence.expiresAt ?? undefined };
}

function answered(
  before: ClientState,
  { reply, host }: VerifiedReply,
  server: HostAddress,
  failed: readonly FailedAttempt[],
  licence: LicenceRecord,
  now: number,
): ActivationResult {
  const { threshold } = before.product;
  const activated = reply.count >= threshold;
  const record = activated ? activatedLicence(now) : licence;
  const activationIntervalMinutes = boundedInterval(reply.activationIntervalMinutes);
  const renewalIntervalMinutes = boundedInterval(reply.renewalIntervalMinutes);
  // A licensed client that the host did not renew asks again as one that is not activated.
  const waitMinutes = activated ? renewalIntervalMinutes : activationIntervalMinutes;
  const hostId = reply.hostId.toHex();
  const { certificate, licence: hostLicence } = host.chain;
  const { extendedPid } = hostLicence;
  const state: ClientState = {
    ...before,
    licence: storedLicence(record),
    cachedHost: before.fixedHost === null && before.hostCaching ? server : before.cachedHost,
    trustedAuthorityKey: certificate.publicKey.toHex(),
    licences: withLicence(before.licences, hostId, host.chainBytes.toBase64()),
    activationIntervalMinutes,
    renewalIntervalMinutes,
    nextAttemptAt: now + waitMinutes * MINUTE_MS,
    lastReply: {
      time: now,
      server,
      hostId,
      hostTime: reply.hostTime,
      count: reply.count,
      activated,
      selfIssued: reply.selfIssued,
      extendedPid,
      authorityName: certificate.name,
    },
  };
  const attempt: Attempt = {
    server,
    outcome: activated ? "activated" : "countTooLow",
    hresult: activated ? HRESULT.success : HRESULT.countInsufficient,
    reason: activated
      ? `activated: the host counts ${reply.count}, ${threshold} are needed`
      : `the host counts ${reply.count} so far, ${threshold} are needed`,
  };
  const missing = threshold - reply.count;
  const outcome: ActivationOutcome = {
    ...outcomeBase(state, attempt, [...failed.map(attemptOf), attempt]),
    count: reply.count,
    help: activated
      ? ""
      : `nothing is wrong: ${missing} more ${missing === 1 ? "client" : "clients"} must ask this ` +
        `host; ask again in ${activationIntervalMinutes} minutes`,
    hostId,
    extendedPid,
    authority: certificate.name,
    selfIssued: reply.selfIssued,
    clockDifferenceSeconds: Math.round((reply.hostTime - now) / 1000),
  };
  return { outcome, state };
}

/** The kept licences with this one as the latest, within their bound. */
function withLicence(
  kept: ClientState["licences"],
  hostId: string,
  chain: string,
): ClientState["licences"] {
  const others = kept.filter((licence) => licence.hostId !== hostId);
  return [...others, { hostId, chain }].slice(-KEPT_LICENCES_MAXIMUM);
}

function unanswered(
  before: ClientState,
  failed: readonly FailedAttempt[],
  lookupFailure: LookupFailure | undefined,
  now: number,
): ActivationResult {
  const state: ClientState = {
    ...before,
    licence: storedLicence(licenceAt(recordOf(before), now)),
    nextAttemptAt: now + before.activationIntervalMinutes * MINUTE_MS,
  };
  const { decisive, help } = verdict(failed, lookupFailure);
  return {
    outcome: { ...outcomeBase(state, decisive, failed.map(attemptOf)), help },
    state,
  };
}

type Verdict = {
  readonly decisive: Omit<Attempt, "server"> & { readonly server: HostAddress | undefined };
  readonly help: string;
};

/** What a run without an answer comes to. */
function verdict(
  failed: readonly FailedAttempt[],
  lookupFailure: LookupFailure | undefined,
): Verdict {
  const decisive =
    failed.find(({ failure }) => failure.kind === "refused") ??
    failed.find(({ failure }) => failure.kind === "notTrusted");
  if (decisive !== undefined) {
    return { decisive: attemptOf(decisive), help: helpOf(decisive.failure) };
  }
  const last = failed.at(-1);
  if (last === undefined && lookupFailure !== undefined) {
    const { help, ...words } = lookupWords(lookupFailure);
    return { decisive: { server: undefined, outcome: "unreachable", ...words }, help };
  }
  if (last === undefined) {
    const reason = "no host is known to ask";
    const hresult = HRESULT.noHostReachable;
    const help = "name a host, or a domain whose DNS names one";
    return { decisive: { server: undefined, outcome: "unreachable", hresult, reason }, help };
  }
  const each =
    failed.length === 1 ? "the host" : `none of ${failed.length} hosts answered; the last`;
  const attempt = attemptOf(last);
  const reason = `${each} ${formatHostAddress(last.server)}: ${attempt.reason}`;
  return {
    decisive: { ...attempt, hresult: HRESULT.noHostReachable, reason },
    help: helpOf(last.failure),
  };
}

function attemptOf({ server, failure }: FailedAttempt): Attempt {
  switch (failure.kind) {
    case "unreachable": {
      const hresult = HOST_UNAVAILABLE_HRESULT;
      return { server, outcome: "unreachable", hresult, reason: failure.detail };
    }
    case "refused": {
      const { hresult } = failure;
      return { server, outcome: "refused", hresult, reason: refusalWords(hresult).reason };
    }
    case "notTrusted": {
      const { refusal } = failure;
      const hresult = trustHresult(refusal);
      return { server, outcome: "notTrusted", hresult, reason: trustWords(refusal) };
    }
  }
}

function helpOf(failure: AttemptFailure): string {
  switch (failure.kind) {
    case "unreachable":
      return "check that the host runs, and that its TCP port is open to this machine";
    case "refused":
      return refusalWords(failure.hresult).help;
    case "notTrusted":
      return trustHelp(failure.refusal);
  }
}

/** What every outcome says, with nothing known of a host. */
function outcomeBase(
  state: ClientState,
  decisive: Verdict["decisive"],
  attempts: readonly Attempt[],
): Omit<ActivationOutcome, "help"> {
  const { licence } = state;
  return {
    activated: decisive.outcome === "activated",
    outcome: decisive.outcome,
    count: null,
    threshold: state.product.threshold,
    result: formatHresult(decisive.hresult),
    server: decisive.server === undefined ? null : formatHostAddress(decisive.server),
    cmid: state.cmid,
    activationIntervalMinutes: state.activationIntervalMinutes,
    renewalIntervalMinutes: state.renewalIntervalMinutes,
    reason: decisive.reason,
    hostId: null,
    extendedPid: null,
    authority: null,
    selfIssued: null,
    expiresAt: licence.expiresAt === null ? null : new Date(licence.expiresAt).toISOString(),
    nextAttemptAt: new Date(state.nextAttemptAt).toISOString(),
    clockDifferenceSeconds: null,
    attempts: attempts.map(presentAttempt),
  };
}
