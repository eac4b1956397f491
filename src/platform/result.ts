/** What a decoder of outside bytes returns: it never throws, a throw is a defect of ours. */
export type Result<Value, Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Failure };

/**
 * Where and why bytes from outside could not be read. `offset` counts octets from the start of the
 * input.
 */
export type DecodeError = {
  readonly code: string;
  readonly offset: number;
  readonly field: string;
};

export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function fail<Failure>(error: Failure): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error };
}
