/**
 * Why a client's state file could not be used. Never answered by beginning anew: the CMID is in it.
 */
export type ClientStateErrorCode =
  /** Cut, damaged, of another version, or something else. */
  | "corrupt"
  | "unreadable"
  | "unwritable"
  /** There is none, and the caller needs one. */
  | "missing";

export class ClientStateError extends Error {
  readonly code: ClientStateErrorCode;
  readonly path: string;
  /** What a person can do about it. */
  readonly hint: string;

  constructor(code: ClientStateErrorCode, path: string, what: string, hint: string) {
    super(`${path}: ${what}`);
    this.name = "ClientStateError";
    this.code = code;
    this.path = path;
    this.hint = hint;
  }
}
