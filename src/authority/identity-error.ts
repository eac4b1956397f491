/**
 * Why a host's identity could not be loaded or created. Never answered by making a new one: clients
 * pin their host's authority, and would trust nothing that a new identity signs.
 */
export type IdentityErrorCode =
  /** One of the files of an identity is not there, others are. */
  | "missing"
  /** A file is cut, damaged or something else. */
  | "corrupt"
  /** The licence is forged, or for another host key. */
  | "licenceInvalid"
  /** The system does not let us read (EACCES, EIO...). */
  | "unreadable"
  /** The system does not let us create (EACCES, EROFS, ENOSPC...). */
  | "unwritable"
  /** Others can read the key, the medium cannot prevent it, and the caller insists. */
  | "unprotected";

export class IdentityError extends Error {
  readonly code: IdentityErrorCode;
  readonly path: string;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: IdentityErrorCode, path: string, what: string, hint: string) {
    super(`${path}: ${what}`);
    this.name = "IdentityError";
    this.code = code;
    this.path = path;
    this.hint = hint;
  }
}
