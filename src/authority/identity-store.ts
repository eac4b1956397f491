import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../platform/clock.ts";
import { type Sha256, sha256 as systemSha256 } from "../platform/hash.ts";
import {
  createPrivateFolder,
  ensurePrivateFolder,
  FileTooLargeError,
  formatPermissionNotice,
  type PermissionNotice,
  readPrivateFile,
  syncFolder,
  writeNewPrivateFile,
} from "../platform/private-files.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { SEED_LENGTH, verifySignature } from "../platform/signature.ts";
import type { ProductKeyGroup } from "../protocol/types.ts";
import {
  ARMOUR_ERROR_WORDS,
  ARMOUR_LABELS,
  ARMOUR_LENGTH_MAXIMUM,
  type ArmourLabel,
  decodeArmour,
  encodeArmour,
} from "./armour.ts";
import { type HostIdentity, hostIdentityOf, type IdentityRefusal } from "./identity.ts";
import { IdentityError } from "./identity-error.ts";
import { selfIssue } from "./self-issue.ts";

/**
 * Where a host's identity lies (TRUST-3): `identity/` in the data folder, with
 *
 *     host.key        the host's secret
 *     host.licence    the chain that vouches for it
 *     authority.key   the lab authority's secret; absent where an operator's authority licensed us
 *
 * The folder appears under its name only once all of it is on the medium, so a power cut at the
 * first start leaves none rather than a part of one. Whatever is wrong later is an error for a
 * person to see, never a reason for a new identity.
 */
const IDENTITY_FOLDER = "identity";
const UNFINISHED_FOLDER = "identity.new";
const HOST_KEY_FILE = "host.key";
const HOST_LICENCE_FILE = "host.licence";
const AUTHORITY_KEY_FILE = "authority.key";

/** Version octet of key files, before the seed. */
const KEY_VERSION = 1;

export type IdentityOptions = {
  /** The data folder; created where it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Of a self-issued licence, when one is made; the highest by default. */
  readonly group?: ProductKeyGroup;
  /** Octets that name this machine, for licences bound to one (TRUST-2). None by default. */
  readonly machineId?: Uint8Array;
  /** Refuse a medium that lets others read the key (a FAT stick does); by default only said. */
  readonly requireProtectedKeys?: boolean;
  /**
   * The data folder has served before (its database is there): an identity that is gone altogether
   * is an error too, not a first start.
   */
  readonly expectExisting?: boolean;
};

export type LoadedIdentity = HostIdentity & {
  /** True at the first start: a lab authority and a host key were just made. */
  readonly created: boolean;
  /** Sentences for log and status, such as repaired permissions. */
  readonly notices: readonly string[];
};

/**
 * Loads the identity, or makes a self-issued one where there is none. Throws {@link IdentityError}.
 */
export async function loadOrCreateHostIdentity(options: IdentityOptions): Promise<LoadedIdentity> {
  const folder = join(options.directory, IDENTITY_FOLDER);
  const existed = await isPresent(folder);
  if (!existed && options.expectExisting === true) throw missing(folder);
  if (!existed) await createSelfIssued(options);
  const notices: PermissionNotice[] = [];
  const note = (notice: PermissionNotice | undefined) => {
    if (notice !== undefined) notices.push(notice);
  };
  note(await reading(folder, () => ensurePrivateFolder(folder)));
  const seed = await readKey(join(folder, HOST_KEY_FILE), ARMOUR_LABELS.hostKey, note);
  const licencePath = join(folder, HOST_LICENCE_FILE);
  const chainBytes = await readArmoured(licencePath, ARMOUR_LABELS.hostLicence, note);
  const unprotected = notices.find((notice) => notice.kind === "unprotected");
  if (unprotected !== undefined && options.requireProtectedKeys === true) {
    throw new IdentityError(
      "unprotected",
      unprotected.path,
      "others can read it, and the medium does not let that be changed",
      "keep the data folder on a medium with permissions",
    );
  }
  const machineId = options.machineId ?? new Uint8Array();
  const identity = hostIdentityOf(seed, chainBytes, machineId, systemSha256, verifySignature);
  if (!identity.ok) throw licenceInvalid(licencePath, identity.error);
  return { ...identity.value, created: !existed, notices: notices.map(formatPermissionNotice) };
}

async function createSelfIssued(options: IdentityOptions): Promise<void> {
  const { directory, clock, randomBytes } = options;
  const unfinished = join(directory, UNFINISHED_FOLDER);
  const made = selfIssue(options.group ?? "serverC", clock(), randomBytes, systemSha256);
  try {
    // Not protected when it was there before: it may be any folder, and not ours to close.
    await createPrivateFolder(directory);
    // What an interrupted first start left was never anyone's identity.
    await rm(unfinished, { recursive: true, force: true });
    await ensurePrivateFolder(unfinished);
    const write = (name: string, text: string) => writeNewPrivateFile(join(unfinished, name), text);
    await write(
      AUTHORITY_KEY_FILE,
      encodeKey(ARMOUR_LABELS.authorityKey, AUTHORITY_KEY_PREFACE, made.authority.seed),
    );
    await write(HOST_KEY_FILE, encodeKey(ARMOUR_LABELS.hostKey, HOST_KEY_PREFACE, made.hostSeed));
    await write(
      HOST_LICENCE_FILE,
      encodeArmour(
        ARMOUR_LABELS.hostLicence,
        LICENCE_PREFACE,
        made.licenceChainBytes,
        systemSha256,
      ),
    );
    await syncFolder(unfinished);
    await rename(unfinished, join(directory, IDENTITY_FOLDER));
    await syncFolder(directory);
  } catch (error) {
    throw new IdentityError(
      "unwritable",
      directory,
      `cannot create this host's identity: ${codeOf(error)}`,
      "the data folder must be writable, with room on its medium, at the first start",
    );
  }
}

const AUTHORITY_KEY_PREFACE =
  "The secret key of this box's own lab authority. Keep it to yourself, and keep a copy.";
const HOST_KEY_PREFACE = "The secret key of this activation host. Keep it to yourself.";
const LICENCE_PREFACE = "The licence of this activation host. Not secret: every client is told it.";

function encodeKey(label: ArmourLabel, preface: string, seed: Uint8Array): string {
  return encodeArmour(label, preface, new Uint8Array([KEY_VERSION, ...seed]), systemSha256);
}

async function readKey(
  path: string,
  label: ArmourLabel,
  note: (notice: PermissionNotice | undefined) => void,
): Promise<Uint8Array> {
  const octets = await readArmoured(path, label, note);
  if (octets[0] !== KEY_VERSION || octets.length !== 1 + SEED_LENGTH) {
    throw corrupt(path, "the key is of a version that this release does not know");
  }
  return octets.subarray(1);
}

async function readArmoured(
  path: string,
  label: ArmourLabel,
  note: (notice: PermissionNotice | undefined) => void,
  sha256: Sha256 = systemSha256,
): Promise<Uint8Array> {
  const { text, notice } = await reading(path, () => readPrivateFile(path, ARMOUR_LENGTH_MAXIMUM));
  note(notice);
  const decoded = decodeArmour(label, text, sha256);
  if (!decoded.ok) throw corrupt(path, ARMOUR_ERROR_WORDS[decoded.error]);
  return decoded.value;
}

async function reading<Value>(path: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FileTooLargeError) throw corrupt(path, ARMOUR_ERROR_WORDS.tooLong);
    const code = codeOf(error);
    if (code === "ENOENT") throw missing(path);
    throw new IdentityError(
      "unreadable",
      path,
      `cannot be read: ${code}`,
      "the account that muster runs under must own the data folder",
    );
  }
}

const RESTORE_HINT =
  "restore the identity folder from a backup; or, to begin anew with an identity that clients " +
  "of the old one will not trust, move the folder away";

function missing(path: string): IdentityError {
  return new IdentityError("missing", path, "is not there", RESTORE_HINT);
}

function corrupt(path: string, what: string): IdentityError {
  return new IdentityError("corrupt", path, what, RESTORE_HINT);
}

function licenceInvalid(path: string, error: IdentityRefusal): IdentityError {
  if (error.code === "otherHostKey") {
    const what = "is the licence of another host key";
    return new IdentityError("licenceInvalid", path, what, RESTORE_HINT);
  }
  const { refusal } = error;
  const where = refusal.code === "malformed" ? ` (${refusal.at.code}, ${refusal.at.field})` : "";
  const what = `is not a valid licence: ${refusal.code}${where}`;
  return new IdentityError("licenceInvalid", path, what, RESTORE_HINT);
}

/**
 * Whether there is anything under that name. A folder that is no folder is read, and so reported.
 */
async function isPresent(path: string): Promise<boolean> {
  try {
    await readdir(path);
    return true;
  } catch (error) {
    return codeOf(error) !== "ENOENT";
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
