import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { GUID_LENGTH, readGuid, writeGuid } from "./guid.ts";
import {
  assertLength,
  assertTime,
  assertU32,
  encodeText,
  readText,
  readTime,
  readU32,
  writeAscii,
  writeTime,
  writeU32,
} from "./octets.ts";
import type { ActivationRequest, LicenceState } from "./types.ts";

/**
 * The activation request, version 1. Little-endian, 84 fixed octets and the name.
 *
 *     offset  octets
 *          0       1  version, 1
 *          1       1  flags; bit 0: virtual machine, the others zero
 *          2       1  licence state, 0..5
 *          3       1  length of the name, 0..63
 *          4       4  minutes to expiration of that state
 *          8       4  required count: the client's threshold (COUNT-2)
 *         12      16  application id
 *         28      16  activation id
 *         44      16  client machine id
 *         60       8  client time, Unix milliseconds
 *         68      16  nonce, fresh per request
 *         84    0..63  machine name, UTF-8
 *
 * A request has exactly one encoding: what decodes encodes to the same octets again.
 */
const REQUEST_VERSION = 1;
export const REQUEST_FIXED_LENGTH = 84;
export const NONCE_LENGTH = 16;
/** In octets of UTF-8. */
const MACHINE_NAME_MAXIMUM = 63;

const FLAG_VIRTUAL = 1;
const LICENCE_STATE_MAXIMUM = 5;

const FLAGS_OFFSET = 1;
const LICENCE_STATE_OFFSET = 2;
const NAME_LENGTH_OFFSET = 3;
const MINUTES_OFFSET = 4;
const REQUIRED_COUNT_OFFSET = 8;
const APPLICATION_ID_OFFSET = 12;
const ACTIVATION_ID_OFFSET = APPLICATION_ID_OFFSET + GUID_LENGTH;
const CMID_OFFSET = ACTIVATION_ID_OFFSET + GUID_LENGTH;
const CLIENT_TIME_OFFSET = CMID_OFFSET + GUID_LENGTH;
const NONCE_OFFSET = CLIENT_TIME_OFFSET + 8;
const NAME_OFFSET = REQUEST_FIXED_LENGTH;

/**
 * Reads a request (opnums 0 and 2). Copies what it keeps: `octets` may be overwritten afterwards.
 * Errors: `tooShort`, `unsupportedVersion`, `reservedNotZero`, `outOfRange`, `lengthMismatch`,
 * `invalidUtf8`. The host answers each with HRESULT 0x8007000D.
 */
export function decodeRequest(octets: Uint8Array): Result<ActivationRequest, DecodeError> {
  if (octets.length === 0) return refuse("tooShort", 0, "version");
  // The version first: another one may have another length, and deserves its own name in the log.
  if (octets[0] !== REQUEST_VERSION) return refuse("unsupportedVersion", 0, "version");
  if (octets.length < REQUEST_FIXED_LENGTH) return refuse("tooShort", octets.length, "request");
  const flags = octets[FLAGS_OFFSET] as number;
  if ((flags & ~FLAG_VIRTUAL) !== 0) return refuse("reservedNotZero", FLAGS_OFFSET, "flags");
  const licenceState = octets[LICENCE_STATE_OFFSET] as number;
  if (licenceState > LICENCE_STATE_MAXIMUM) {
    return refuse("outOfRange", LICENCE_STATE_OFFSET, "licenceState");
  }
  const nameLength = octets[NAME_LENGTH_OFFSET] as number;
  if (nameLength > MACHINE_NAME_MAXIMUM) {
    return refuse("outOfRange", NAME_LENGTH_OFFSET, "nameLength");
  }
  if (octets.length !== REQUEST_FIXED_LENGTH + nameLength) {
    return refuse("lengthMismatch", NAME_LENGTH_OFFSET, "nameLength");
  }
  const clientTime = readTime(octets, CLIENT_TIME_OFFSET);
  if (clientTime === undefined) return refuse("outOfRange", CLIENT_TIME_OFFSET, "clientTime");
  const machineName = readText(octets, NAME_OFFSET, nameLength);
  if (machineName === undefined) return refuse("invalidUtf8", NAME_OFFSET, "name");
  return ok({
    virtual: flags === FLAG_VIRTUAL,
    licenceState: licenceState as LicenceState,
    minutesToExpiration: readU32(octets, MINUTES_OFFSET),
    requiredCount: readU32(octets, REQUIRED_COUNT_OFFSET),
    applicationId: readGuid(octets, APPLICATION_ID_OFFSET),
    activationId: readGuid(octets, ACTIVATION_ID_OFFSET),
    cmid: readGuid(octets, CMID_OFFSET),
    clientTime,
    nonce: octets.slice(NONCE_OFFSET, NONCE_OFFSET + NONCE_LENGTH),
    machineName,
  });
}

/** Writes a request. A field out of its range is our own mistake: RangeError. */
export function encodeRequest(request: ActivationRequest): Uint8Array {
  assertU32(request.minutesToExpiration, "minutesToExpiration");
  assertU32(request.requiredCount, "requiredCount");
  assertTime(request.clientTime, "clientTime");
  assertLength(request.nonce, NONCE_LENGTH, "nonce");
  const octets = withName(request.machineName);
  octets[0] = REQUEST_VERSION;
  octets[FLAGS_OFFSET] = request.virtual ? FLAG_VIRTUAL : 0;
  octets[LICENCE_STATE_OFFSET] = request.licenceState;
  octets[NAME_LENGTH_OFFSET] = octets.length - REQUEST_FIXED_LENGTH;
  writeU32(octets, MINUTES_OFFSET, request.minutesToExpiration);
  writeU32(octets, REQUIRED_COUNT_OFFSET, request.requiredCount);
  writeGuid(octets, APPLICATION_ID_OFFSET, request.applicationId);
  writeGuid(octets, ACTIVATION_ID_OFFSET, request.activationId);
  writeGuid(octets, CMID_OFFSET, request.cmid);
  writeTime(octets, CLIENT_TIME_OFFSET, request.clientTime);
  octets.set(request.nonce, NONCE_OFFSET);
  return octets;
}

/** The longest beginning of `name` that a request can carry, cut between characters. */
export function fitMachineName(name: string): string {
  let fitted = "";
  let length = 0;
  for (const character of name.toWellFormed()) {
    length += encodeText(character).length;
    if (length > MACHINE_NAME_MAXIMUM) break;
    fitted += character;
  }
  return fitted;
}

/** A message of the right length with nothing in it but the name. */
function withName(name: string): Uint8Array {
  if (name.length <= MACHINE_NAME_MAXIMUM) {
    const octets = new Uint8Array(REQUEST_FIXED_LENGTH + name.length);
    if (writeAscii(octets, NAME_OFFSET, name)) return octets;
  }
  const text = encodeText(name);
  if (text.length > MACHINE_NAME_MAXIMUM) {
    throw new RangeError(`machineName: ${text.length} octets, at most ${MACHINE_NAME_MAXIMUM}`);
  }
  const octets = new Uint8Array(REQUEST_FIXED_LENGTH + text.length);
  octets.set(text, NAME_OFFSET);
  return octets;
}

function refuse(code: string, offset: number, field: string): Result<never, DecodeError> {
  return fail({ code, offset, field });
}
