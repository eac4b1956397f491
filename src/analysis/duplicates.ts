/**
 * One client machine id on several machines: an image cloned without being generalised (COUNT-10).
 * They raise the count once, so a lab of clones never activates, and nothing says why.
 *
 * What tells clones from one machine: names. A machine whose address changes by DHCP keeps its
 * name, and a machine that was renamed never uses the old one again. Addresses alone say something
 * only where requests come oftener than one machine would ask.
 */
import type { Guid } from "../protocol/types.ts";
import { type ClientIntervals, MILLISECONDS_PER_MINUTE } from "./intervals.ts";
import { listWords, machineWords, timeWords } from "./wording.ts";

/** A name that a client id was used under. */
export type NameUse = {
  /** Untrusted text. */
  readonly machineName: string;
  /** Where it last came from under this name. */
  readonly address: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
};

/** A client as the inventory keeps it; times are Unix milliseconds by the host's clock. */
export type DuplicateCandidate = NameUse & {
  readonly cmid: Guid;
  readonly applicationId: Guid;
  readonly previousAddress: string | null;
  readonly addressChanges: number;
  /** Changes back to the address before. */
  readonly addressReturns: number;
  readonly requests: number;
  readonly requiredCount: number;
  readonly lastCount: number;
  /** Every name, where there were several; empty where there was but one. */
  readonly names: readonly NameUse[];
};

type DuplicateEvidence =
  /** A name was used again after another had appeared. */
  | "namesInterleave"
  /** Several names are in use; a machine that was renamed looks so for a while. */
  | "severalNames"
  /** One name, addresses to and fro, and oftener than one machine asks. */
  | "addressesAlternate";

export type DuplicateCmid = {
  readonly cmid: Guid;
  readonly applicationId: Guid;
  readonly evidence: DuplicateEvidence;
  /** `likely`: one renamed machine would look the same for now. */
  readonly certainty: "certain" | "likely";
  /** Most recent first. */
  readonly machines: readonly Omit<NameUse, "firstSeen">[];
  readonly lastSeen: number;
  /** A sentence: which machines share it, and what to do. Safe to show. */
  readonly message: string;
};

/** Returns to an address before they say anything; the store's index admits from two on. */
const RETURNS_MINIMUM = 3;
/** Oftener than this share of its interval no single machine asks, retries aside. */
const INTERVAL_SHARE = 0.6;
/** After so many renewal intervals without a request, a name is of the past. */
const GONE_AFTER_RENEWALS = 1.5;
const MACHINES_NAMED = 8;

/** The ids among `candidates` that several machines share, most recently seen first. */
export function findDuplicates(
  candidates: Iterable<DuplicateCandidate>,
  intervals: ClientIntervals,
  now: number,
): readonly DuplicateCmid[] {
  const found: DuplicateCmid[] = [];
  for (const candidate of candidates) {
    const duplicate =
      sharedByNames(candidate, intervals, now) ?? sharedByAddresses(candidate, intervals, now);
    if (duplicate !== undefined) found.push(duplicate);
  }
  return found.sort((one, other) => other.lastSeen - one.lastSeen);
}

function sharedByNames(
  candidate: DuplicateCandidate,
  intervals: ClientIntervals,
  now: number,
): DuplicateCmid | undefined {
  const goneAfter = goneAfterMilliseconds(intervals);
  const uses = foldNames(candidate.names).filter(({ lastSeen }) => now - lastSeen <= goneAfter);
  if (uses.length < 2) return undefined;
  const interleave = uses.some((one) => uses.some((other) => cameBack(one, other)));
  const certain = interleave || uses.length > 2;
  const evidence = interleave ? "namesInterleave" : "severalNames";
  const machines = uses.map(({ machineName, address, lastSeen }) => ({
    machineName,
    address,
    lastSeen,
  }));
  const oldest = Math.min(...uses.map(({ lastSeen }) => lastSeen));
  return duplicateOf(candidate, evidence, certain, machines, oldest + goneAfter);
}

/** Whether `one` was used again after `other` had appeared. */
function cameBack(one: NameUse, other: NameUse): boolean {
  return one.firstSeen <= other.firstSeen && one.lastSeen > other.firstSeen && one !== other;
}

/** Names in either case are one machine's: the name of its system and of its DNS record. */
function foldNames(names: readonly NameUse[]): readonly NameUse[] {
  const byName = Map.groupBy(names, ({ machineName }) => machineName.toLowerCase());
  return [...byName.values()].flatMap((uses) => {
    const [latest] = uses.toSorted((one, other) => other.lastSeen - one.lastSeen);
    if (latest === undefined) return [];
    const firstSeen = Math.min(...uses.map((use) => use.firstSeen));
    return [{ ...latest, firstSeen }];
  });
}

function sharedByAddresses(
  candidate: DuplicateCandidate,
  intervals: ClientIntervals,
  now: number,
): DuplicateCmid | undefined {
  const { addressChanges, addressReturns, requests, firstSeen, lastSeen } = candidate;
  const { machineName, address, previousAddress } = candidate;
  if (addressReturns < RETURNS_MINIMUM || previousAddress === null) return undefined;
  if (now - lastSeen > goneAfterMilliseconds(intervals)) return undefined;
  const steps = requests - 1;
  const isActivated = candidate.lastCount >= candidate.requiredCount;
  const minutes = isActivated ? intervals.renewalMinutes : intervals.activationMinutes;
  const mean = (lastSeen - firstSeen) / steps;
  if (2 * addressChanges < steps) return undefined;
  if (mean >= INTERVAL_SHARE * minutes * MILLISECONDS_PER_MINUTE) return undefined;
  const machines = [
    { machineName, address, lastSeen },
    { machineName, address: previousAddress, lastSeen },
  ];
  return duplicateOf(candidate, "addressesAlternate", true, machines, undefined);
}

function goneAfterMilliseconds({ renewalMinutes }: ClientIntervals): number {
  return GONE_AFTER_RENEWALS * renewalMinutes * MILLISECONDS_PER_MINUTE;
}

function duplicateOf(
  { cmid, applicationId, lastSeen }: DuplicateCandidate,
  evidence: DuplicateEvidence,
  isCertain: boolean,
  unordered: DuplicateCmid["machines"],
  forgottenAt: number | undefined,
): DuplicateCmid {
  const machines = unordered.toSorted((one, other) => other.lastSeen - one.lastSeen);
  const named = machines.map(({ machineName, address }) => machineWords(machineName, address));
  const shared = `client machine id ${cmid} is shared by ${listWords(named, MACHINES_NAMED)}`;
  const cure =
    "they count once: their image was not generalised. Run `sysprep /generalize` before taking " +
    "it; rearm all but one of the machines in use (`slmgr /rearm`) and each gets its own id";
  const unless =
    isCertain || forgottenAt === undefined
      ? ""
      : `. If one machine was renamed, this goes away by ${timeWords(forgottenAt)}`;
  return {
    cmid,
    applicationId,
    evidence,
    certainty: isCertain ? "certain" : "likely",
    machines,
    lastSeen,
    message: `${shared}; ${cure}${unless}`,
  };
}
