import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { GUID_LENGTH, readGuid } from "../protocol/guid.ts";
import { readU16, readU32 } from "../protocol/octets.ts";
import type { Guid } from "../protocol/types.ts";

/**
 * What stands in clear in a version 4 reply that a licensed host sent and that is passed on
 * unchanged. Read only, for the log: nothing here writes such a message, nor makes or checks the
 * code that ends one.
 *
 * Little-endian:
 *
 *     octets
 *          2  minor version                          16  client machine id
 *          2  major version                           8  client time, not read
 *          4  size of the host's id in octets         4  count
 *          n  host's id, UTF-16, ended by zero           the rest is not read
 */
const VERSION_LENGTH = 4;
const HOST_ID_OFFSET = 8;
const READABLE_MAJOR_VERSION = 4;
/** Of the host's id: twice what an extended PID comes to. */
const HOST_ID_OCTETS_MAXIMUM = 256;
const CLIENT_TIME_LENGTH = 8;
const COUNT_LENGTH = 4;

export type ReadableMicrosoftReply = {
  /** Untrusted text, may hold control characters; well-formed. */
  readonly hostId: string;
  readonly cmid: Guid;
  readonly count: number;
};

/** Errors: `tooShort`, `unknownVersion` (encrypted, and stays so), `outOfRange` (the id's size). */
export function decodeMicrosoftReply(
  octets: Uint8Array,
): Result<ReadableMicrosoftReply, DecodeError> {
  if (octets.length < VERSION_LENGTH) return refuse("tooShort", octets.length, "version");
  if (readU16(octets, 2) !== READABLE_MAJOR_VERSION) return refuse("unknownVersion", 2, "version");
  if (octets.length < HOST_ID_OFFSET) return refuse("tooShort", octets.length, "hostIdSize");
  const hostIdSize = readU32(octets, VERSION_LENGTH);
  if (hostIdSize > HOST_ID_OCTETS_MAXIMUM || hostIdSize % 2 !== 0) {
    return refuse("outOfRange", VERSION_LENGTH, "hostIdSize");
  }
  const cmidOffset = HOST_ID_OFFSET + hostIdSize;
  const countOffset = cmidOffset + GUID_LENGTH + CLIENT_TIME_LENGTH;
  if (octets.length < countOffset + COUNT_LENGTH) return refuse("tooShort", octets.length, "count");
  return ok({
    hostId: readText(octets, HOST_ID_OFFSET, cmidOffset),
    cmid: readGuid(octets, cmidOffset),
    count: readU32(octets, countOffset),
  });
}

/** Up to the first zero unit, or to `end`. */
function readText(octets: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let offset = start; offset < end; offset += 2) {
    const unit = readU16(octets, offset);
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text.toWellFormed();
}

function refuse(code: string, offset: number, field: string): Result<never, DecodeError> {
  return fail({ code, offset, field });
}
