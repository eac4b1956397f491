import { expect } from "bun:test";
import type { DecodeError, Result } from "../../src/platform/result.ts";

/** A case of a vector file: octets, and the value or the error that reading them gives. */
export type VectorCase<Value> = {
  readonly name: string;
  /** Hexadecimal. */
  readonly octets: string;
  readonly value?: Value;
  readonly error?: DecodeError;
};

/** Reads `test/vectors/protocol/<name>.json`; the files say in `source` what they hold. */
export async function vectors<File>(name: string): Promise<File> {
  return (await Bun.file(
    new URL(`../vectors/protocol/${name}.json`, import.meta.url),
  ).json()) as File;
}

export function octetsOf(hexadecimal: string): Uint8Array {
  return Uint8Array.fromHex(hexadecimal);
}

/** Octet strings as hexadecimal, undefined as null: the form that vector files use. */
function inVectorForm(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.toHex();
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, inVectorForm(of)]));
}

/** The outcome must be exactly what the case says; gives the value for further checks. */
export function expectOutcome<Value>(
  outcome: Result<Value, DecodeError>,
  expected: { readonly value?: unknown; readonly error?: DecodeError },
): Value | undefined {
  if (!outcome.ok) {
    expect(outcome.error).toEqual(expected.error as DecodeError);
    return undefined;
  }
  expect(inVectorForm(outcome.value)).toEqual(expected.value);
  return outcome.value;
}
