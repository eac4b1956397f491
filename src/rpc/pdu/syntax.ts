import { readU32, writeU32 } from "../octets.ts";
import { NIL_UUID, readUuid, sameUuid, type Uuid, uuidFrom, writeUuid } from "../uuid.ts";

/**
 * p_syntax_id_t (C706 12.6.3.1): a UUID and a version. The version is ONE unsigned long, its major
 * part in the low 16 bits; two shorts would be swapped for a big-endian peer.
 */
export type SyntaxId = {
  readonly uuid: Uuid;
  readonly versionMajor: number;
  readonly versionMinor: number;
};

export const SYNTAX_LENGTH = 20;

/** NDR 2.0, the transfer syntax that every peer knows (C706 14). */
export const NDR32: SyntaxId = {
  uuid: uuidFrom("8a885d04-1ceb-11c9-9fe8-08002b104860"),
  versionMajor: 2,
  versionMinor: 0,
};

/** NDR64 1.0 (MS-RPCE 2.2.5). Read to be refused: its clients fall back to NDR. */
export const NDR64: SyntaxId = {
  uuid: uuidFrom("71710533-beba-4937-8319-b5dbef9ccc36"),
  versionMajor: 1,
  versionMinor: 0,
};

/** What a result carries where nothing was accepted. */
export const NO_SYNTAX: SyntaxId = { uuid: NIL_UUID, versionMajor: 0, versionMinor: 0 };

/** The first half of a bind-time feature negotiation UUID, and then a mask (MS-RPCE 2.2.2.14). */
const [FEATURES_HIGH, FEATURES_LOW] = uuidFrom("6cb71c2c-9812-4540-0000-000000000000");

export function readSyntax(bytes: Uint8Array, offset: number, littleEndian: boolean): SyntaxId {
  const version = readU32(bytes, offset + 16, littleEndian);
  return {
    uuid: readUuid(bytes, offset, littleEndian),
    versionMajor: version & 0xffff,
    versionMinor: version >>> 16,
  };
}

export function writeSyntax(
  bytes: Uint8Array,
  offset: number,
  syntax: SyntaxId,
  littleEndian: boolean,
): void {
  writeUuid(bytes, offset, syntax.uuid, littleEndian);
  writeU32(bytes, offset + 16, (syntax.versionMinor << 16) | syntax.versionMajor, littleEndian);
}

export function sameSyntax(left: SyntaxId, right: SyntaxId): boolean {
  return (
    left.versionMajor === right.versionMajor &&
    left.versionMinor === right.versionMinor &&
    sameUuid(left.uuid, right.uuid)
  );
}

/** The features a pseudo transfer syntax asks for; undefined where it is an ordinary one. */
export function featureMask(syntax: SyntaxId): number | undefined {
  if (syntax.versionMajor !== 1 || syntax.versionMinor !== 0) return undefined;
  const [high, low, mask] = syntax.uuid;
  // The mask is little-endian: its first octet is the top one of our number.
  return high === FEATURES_HIGH && low === FEATURES_LOW ? mask >>> 24 : undefined;
}
