import { z } from "zod";
import type { RandomBytes } from "../platform/randomness.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { parseGuid, randomGuid } from "../protocol/guid.ts";
import { TIME_MAXIMUM } from "../protocol/octets.ts";
import { PRODUCT_KEY_GROUPS } from "../protocol/types.ts";
import {
  DEFAULT_ACTIVATION_INTERVAL_MINUTES,
  DEFAULT_RENEWAL_INTERVAL_MINUTES,
  INITIAL_REARM_COUNT,
  installedLicence,
} from "./licence-record.ts";

/**
 * All that a client remembers, as JSON in one file. Version 1; a file of another version is refused
 * rather than guessed at. Every value is checked: the file may have been edited, or cut by a
 * power failure.
 */
const STATE_VERSION = 1;
/** Licence chains of that many hosts are kept, the latest ones. */
export const KEPT_LICENCES_MAXIMUM = 16;

const guid = z.string().refine((text) => parseGuid(text) === text, "not a GUID in lower case");
const time = z.int().min(0).max(TIME_MAXIMUM);
const minutes = z.int().min(0).max(0xffff_ffff);
const hexadecimal = (octets: number) => z.string().regex(new RegExp(`^[0-9a-f]{${octets * 2}}$`));
const hostAddress = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65535),
});

const product = z.strictObject({
  name: z.string().max(255),
  applicationId: guid,
  activationId: guid,
  kind: z.enum(["client", "server"]),
  /** Least host group that serves it; null where only its ids are known. */
  group: z.enum(PRODUCT_KEY_GROUPS).nullable(),
  threshold: z.int().min(0).max(0xffff_ffff),
});

const lastReply = z.strictObject({
  time,
  server: hostAddress,
  hostId: hexadecimal(16),
  hostTime: time,
  count: z.int().min(0).max(0xffff_ffff),
  activated: z.boolean(),
  selfIssued: z.boolean(),
  extendedPid: z.string().max(63),
  authorityName: z.string().max(63),
});

const clientState = z.strictObject({
  version: z.literal(STATE_VERSION),
  cmid: guid,
  installedAt: time,
  product,
  licence: z.strictObject({ state: z.literal([0, 1, 2, 3, 4, 5]), expiresAt: time.nullable() }),
  remainingRearms: z.int().min(0).max(100),
  /** Where to look hosts up; null where the client has only a host to ask. */
  domain: z.string().min(1).max(253).nullable(),
  /** CLIENT-2: asked instead of DNS. */
  fixedHost: hostAddress.nullable(),
  hostCaching: z.boolean(),
  /** CLIENT-1: the host that answered last. */
  cachedHost: hostAddress.nullable(),
  /** The authority that this client trusts: given, or pinned when it first met one. */
  trustedAuthorityKey: hexadecimal(32).nullable(),
  /** Licence chains by host id (GetHostLicence is called once for each host), oldest first. */
  licences: z
    .array(z.strictObject({ hostId: hexadecimal(16), chain: z.base64().max(4096) }))
    .max(KEPT_LICENCES_MAXIMUM),
  activationIntervalMinutes: minutes,
  renewalIntervalMinutes: minutes,
  nextAttemptAt: time,
  lastReply: lastReply.nullable(),
});

export type ClientState = Readonly<z.infer<typeof clientState>>;
export type ClientProduct = Readonly<z.infer<typeof product>>;

/** What a client is before it ever asked: in its initial grace period, with a CMID of its own. */
export function newClientState(
  clientProduct: ClientProduct,
  now: number,
  randomBytes: RandomBytes,
): ClientState {
  return {
    version: STATE_VERSION,
    cmid: randomGuid(randomBytes),
    installedAt: now,
    product: clientProduct,
    licence: storedLicence(installedLicence(clientProduct.kind, now)),
    remainingRearms: INITIAL_REARM_COUNT,
    domain: null,
    fixedHost: null,
    hostCaching: true,
    cachedHost: null,
    trustedAuthorityKey: null,
    licences: [],
    activationIntervalMinutes: DEFAULT_ACTIVATION_INTERVAL_MINUTES,
    renewalIntervalMinutes: DEFAULT_RENEWAL_INTERVAL_MINUTES,
    nextAttemptAt: now,
    lastReply: null,
  };
}

/** Another product installed: its own licence begins, the machine and its host stay. */
export function withProduct(state: ClientState, changed: ClientProduct, now: number): ClientState {
  const isSame = state.product.activationId === changed.activationId;
  const licence = isSame ? state.licence : storedLicence(installedLicence(changed.kind, now));
  return { ...state, product: changed, licence };
}

export function storedLicence(record: {
  readonly state: ClientState["licence"]["state"];
  readonly expiresAt: number | undefined;
}): ClientState["licence"] {
  return { state: record.state, expiresAt: record.expiresAt ?? null };
}

export function formatClientState(state: ClientState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/** Reads what {@link formatClientState} wrote; the error says what is wrong with it, in words. */
export function parseClientState(text: string): Result<ClientState, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(text.trim() === "" ? "it is empty" : "it is no JSON, or it breaks off");
  }
  const version = z.object({ version: z.int() }).safeParse(value);
  if (version.success && version.data.version !== STATE_VERSION) {
    return fail(`its version is ${version.data.version}; this release knows ${STATE_VERSION}`);
  }
  const parsed = clientState.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return fail(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not as it should be"}`);
}
