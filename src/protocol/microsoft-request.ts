import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { readGuid } from "./guid.ts";
import { readU16, readU32, TIME_MAXIMUM } from "./octets.ts";
import type { Guid } from "./types.ts";

/**
 * What can be read, without any key, of a request on Microsoft's interface (RELAY-2). Read only:
 * nothing here writes such a message, nor makes or checks the code that ends one.
 *
 * Little-endian. Version 4:
 *
 *     offset  octets
 *          0       2  minor version          64      16  client machine id
 *          2       2  major version          80       4  required count
 *          4       4  virtual machine flag   84       8  client time, FILETIME
 *          8       4  licence state          92      16  previous client machine id
 *         12       4  minutes to expiration 108     128  machine name, 64 UTF-16 units
 *         16      16  application id        236      16  a code, neither read nor checked
 *         32      16  activation id
 *         48      16  counted id
 *
 * Of versions 5 and 6 what follows the version is encrypted, and stays so.
 */
const VERSION_LENGTH = 4;
const READABLE_MAJOR_VERSION = 4;
const MICROSOFT_REQUEST_LENGTH = 236;
/** Far beyond what any version sends; a longer one is not looked at. */
const MICROSOFT_REQUEST_LENGTH_MAXIMUM = 1024;

const NAME_OFFSET = 108;
const NAME_UNITS = 64;

type MicrosoftVersion = {
  readonly majorVersion: number;
  readonly minorVersion: number;
  /** Octets of the request, all that is known of an encrypted one. */
  readonly size: number;
};

export type ReadableMicrosoftRequest = MicrosoftVersion & {
  readonly kind: "readable";
  readonly virtual: boolean;
  /** As sent; 0..5 have names in LICENCE_STATES. */
  readonly licenceState: number;
  readonly minutesToExpiration: number;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  readonly countedId: Guid;
  readonly cmid: Guid;
  readonly requiredCount: number;
  /** Unix milliseconds, rounded down; undefined where the FILETIME lies outside 1970..275760. */
  readonly clientTime: number | undefined;
  readonly previousCmid: Guid;
  /** Untrusted text, may hold control characters; well-formed. */
  readonly machineName: string;
};

type OpaqueMicrosoftRequest = MicrosoftVersion & { readonly kind: "opaque" };

export type MicrosoftRequest = ReadableMicrosoftRequest | OpaqueMicrosoftRequest;

/** Errors: `tooShort` (no version, or a version 4 that breaks off), `outOfRange` (too long). */
export function decodeMicrosoftRequest(octets: Uint8Array): Result<MicrosoftRequest, DecodeError> {
  if (octets.length < VERSION_LENGTH) return refuse("tooShort", octets.length, "version");
  if (octets.length > MICROSOFT_REQUEST_LENGTH_MAXIMUM) {
    return refuse("outOfRange", MICROSOFT_REQUEST_LENGTH_MAXIMUM, "request");
  }
  const version: MicrosoftVersion = {
    minorVersion: readU16(octets, 0),
    majorVersion: readU16(octets, 2),
    size: octets.length,
  };
  if (version.majorVersion !== READABLE_MAJOR_VERSION) return ok({ kind: "opaque", ...version });
  if (octets.length < MICROSOFT_REQUEST_LENGTH) return refuse("tooShort", octets.length, "request");
  return ok({
    kind: "readable",
    ...version,
    virtual: readU32(octets, 4) !== 0,
    licenceState: readU32(octets, 8),
    minutesToExpiration: readU32(octets, 12),
    applicationId: readGuid(octets, 16),
    activationId: readGuid(octets, 32),
    countedId: readGuid(octets, 48),
    cmid: readGuid(octets, 64),
    requiredCount: readU32(octets, 80),
    clientTime: readFileTime(octets, 84),
    previousCmid: readGuid(octets, 92),
    machineName: readName(octets),
  });
}

/** From 1601-01-01 to 1970-01-01, in milliseconds. */
const FILETIME_EPOCH_MS = 11_644_473_600_000n;
const FILETIME_UNITS_PER_MS = 10_000n;

/** FILETIME (MS-DTYP 2.3.3): units of 100 ns since 1601. */
function readFileTime(octets: Uint8Array, offset: number): number | undefined {
  const units = (BigInt(readU32(octets, offset + 4)) << 32n) | BigInt(readU32(octets, offset));
  const time = Number(units / FILETIME_UNITS_PER_MS - FILETIME_EPOCH_MS);
  return time >= 0 && time <= TIME_MAXIMUM ? time : undefined;
}

/** Up to the first zero unit, or all of the field. */
function readName(octets: Uint8Array): string {
  let name = "";
  for (let index = 0; index < NAME_UNITS; index += 1) {
    const unit = readU16(octets, NAME_OFFSET + 2 * index);
    if (unit === 0) break;
    name += String.fromCharCode(unit);
  }
  return name.toWellFormed();
}

function refuse(code: string, offset: number, field: string): Result<never, DecodeError> {
  return fail({ code, offset, field });
}
