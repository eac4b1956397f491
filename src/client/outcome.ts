import { formatHresult, HRESULT } from "../protocol/hresult.ts";
import type { Guid } from "../protocol/types.ts";
import { LOOKUP_HRESULT, type LookupFailure } from "./discovery.ts";
import { formatHostAddress, type HostAddress } from "./host-address.ts";
import type { TrustRefusal, TrustRefusalCode } from "./verification.ts";

/** How an attempt to activate ends. The command line gives each an exit code of its own. */
const OUTCOME_CLASSES = [
  "activated",
  /** The host counts fewer clients than this one's threshold (COUNT-2). */
  "countTooLow",
  /** A host answered with an error. */
  "refused",
  /** No host was found, or none answered. */
  "unreachable",
  /** A host answered, and its reply or its licence is not to be believed (CLIENT-7). */
  "notTrusted",
] as const;
export type OutcomeClass = (typeof OUTCOME_CLASSES)[number];

/** What one host made of the request, in the order in which the hosts were asked. */
export type Attempt = {
  readonly server: HostAddress;
  readonly outcome: OutcomeClass;
  readonly hresult: number;
  /** In words. */
  readonly reason: string;
};

/** What came of it: exactly what `--json` prints. Absent values are null. */
export type ActivationOutcome = {
  readonly activated: boolean;
  readonly outcome: OutcomeClass;
  readonly count: number | null;
  readonly threshold: number;
  /** HRESULT as `0x` and eight digits; `0x00000000` where the client was activated. */
  readonly result: string;
  /** The host that decided it, or was asked last, as `host:port`. */
  readonly server: string | null;
  readonly cmid: Guid;
  /** Those that the client goes by from now on (CLIENT-5). */
  readonly activationIntervalMinutes: number;
  readonly renewalIntervalMinutes: number;
  /** One sentence. */
  readonly reason: string;
  /** What to do about it; empty where there is nothing to do. */
  readonly help: string;
  readonly hostId: string | null;
  readonly extendedPid: string | null;
  readonly authority: string | null;
  readonly selfIssued: boolean | null;
  /** ISO 8601; the end of the client's licence state. */
  readonly expiresAt: string | null;
  readonly nextAttemptAt: string;
  /** Host's clock minus client's, whole seconds. */
  readonly clockDifferenceSeconds: number | null;
  readonly attempts: readonly {
    readonly server: string;
    readonly outcome: OutcomeClass;
    readonly result: string;
    readonly reason: string;
  }[];
};

export function presentAttempt(attempt: Attempt): ActivationOutcome["attempts"][number] {
  const { server, outcome, hresult, reason } = attempt;
  return { server: formatHostAddress(server), outcome, result: formatHresult(hresult), reason };
}

/** RPC_S_SERVER_UNAVAILABLE, for an attempt at one host. */
export const HOST_UNAVAILABLE_HRESULT = 0x800706ba;

/** The documented code that says it best; those of wintrust and the certificate store. */
const TRUST_HRESULT: Readonly<Record<TrustRefusalCode, number>> = {
  malformed: HRESULT.malformedRequest,
  replyMalformed: HRESULT.malformedRequest,
  /** TRUST_E_NO_SIGNER_CERT */
  noLicence: 0x80096002,
  /** CERT_E_UNTRUSTEDROOT */
  untrustedAuthority: 0x800b0109,
  /** TRUST_E_CERT_SIGNATURE */
  certificateSignature: 0x80096004,
  licenceSignature: 0x80096004,
  /** CERT_E_ISSUERCHAINING */
  otherAuthority: 0x800b0107,
  /** CERT_E_CN_NO_MATCH */
  otherHost: 0x800b010f,
  /** NTE_BAD_SIGNATURE */
  replySignature: 0x80090006,
  selfIssuedMismatch: 0x80090006,
  /** CERT_E_EXPIRED, which covers both sides of a validity */
  certificateNotYetValid: 0x800b0101,
  certificateExpired: 0x800b0101,
  licenceNotYetValid: 0x800b0101,
  licenceExpired: 0x800b0101,
  /** CERT_E_PURPOSE */
  groupTooLow: 0x800b0106,
};

const TRUST_WORDS: Readonly<Record<TrustRefusalCode, string>> = {
  malformed: "the host's licence cannot be read",
  replyMalformed: "the reply cannot be read",
  noLicence: "the host gave no licence",
  untrustedAuthority: "the host is licensed by another authority than the one this client trusts",
  certificateSignature: "the authority's certificate is not signed by itself",
  licenceSignature: "the host's licence is not signed by its authority",
  otherAuthority: "the host's licence names another authority than the one beside it",
  otherHost: "the licence is for another host than the one that replied",
  replySignature: "the reply's signature is not this host's over this request",
  selfIssuedMismatch: "the reply and the licence disagree on who issued it",
  certificateNotYetValid: "the authority's certificate is not valid yet",
  certificateExpired: "the authority's certificate has expired",
  licenceNotYetValid: "the host's licence is not valid yet",
  licenceExpired: "the host's licence has expired",
  groupTooLow: "the host's product key group does not cover this product",
};

export function trustHresult({ code }: TrustRefusal): number {
  return TRUST_HRESULT[code];
}

export function trustWords({ code, detail }: TrustRefusal): string {
  return detail === undefined ? TRUST_WORDS[code] : `${TRUST_WORDS[code]} (${detail})`;
}

export function trustHelp({ code }: TrustRefusal): string {
  switch (code) {
    case "untrustedAuthority":
      return (
        "if this host is meant to be trusted, give its authority's key, or begin with a new " +
        "state file; if not, a rogue host answers in this network"
      );
    case "certificateNotYetValid":
    case "certificateExpired":
    case "licenceNotYetValid":
    case "licenceExpired":
      return "check this machine's clock; if it is right, the host must be activated again";
    case "groupTooLow":
      return "the host needs a key of a higher product key group";
    default:
      return "do not use this host before it is known why: its replies are changed or forged";
  }
}

/** What a host's error means (protocol.md, [E]), and what to do about it. */
export function refusalWords(hresult: number): { reason: string; help: string } {
  const known = REFUSAL_WORDS.get(hresult);
  if (known !== undefined) return { reason: known[0], help: known[1] };
  return { reason: `the host refused with ${formatHresult(hresult)}`, help: HOST_LOG_HELP };
}

const HOST_LOG_HELP = "the host's event log says more (event 12290)";
const REFUSAL_WORDS: ReadonlyMap<number, readonly [reason: string, help: string]> = new Map([
  [
    HRESULT.serviceNotEnabled,
    ["the host's activation service is not enabled", "install a key on the host"],
  ],
  [
    HRESULT.hostNotActivated,
    ["the host is not activated itself", "activate the host, or use another one"],
  ],
  [
    HRESULT.productNotServed,
    [
      "the host cannot serve this product",
      "check the product, the host's product catalogue and its product key group",
    ],
  ],
  [
    HRESULT.timeStampOutOfRange,
    ["the clocks of client and host are too far apart", "set this machine's clock (UTC)"],
  ],
  [
    HRESULT.malformedRequest,
    ["the host does not understand the request", "host and client are of releases too far apart"],
  ],
  [HRESULT.storeFull, ["the host's disk is full", "make room on the host"]],
  [HRESULT.storeFault, ["the host cannot write to its disk", HOST_LOG_HELP]],
  [HRESULT.storeReadOnly, ["the host's disk is write-protected", HOST_LOG_HELP]],
  [HRESULT.busy, ["the host is draining or overloaded", "wait, or use another host of the domain"]],
]);

export function lookupWords(failure: LookupFailure): {
  hresult: number;
  reason: string;
  help: string;
} {
  const hresult = LOOKUP_HRESULT[failure.kind];
  const help =
    failure.kind === "failure"
      ? "check that the DNS server can be reached, or name a host yourself"
      : "check the domain, and that the host publishes itself there; or name a host yourself";
  return { hresult, reason: `no host was found in DNS: ${failure.detail}`, help };
}
