import type { DecodeError, Result } from "../platform/result.ts";
import { NdrReader, NdrWriter } from "../rpc/ndr.ts";

/**
 * The NDR stubs of the activation interface (C706 chapter 14, NDR32), in IDL:
 *
 *     HRESULT Activate([in] unsigned long size, [in, size_is(size)] byte *data,
 *       [out] unsigned long *replySize, [out, size_is(,*replySize)] byte **replyData);
 *
 * In: size, conformance, octets. `data` is a top-level reference pointer, so it has no referent id.
 *
 *     4  size    4  maximum count, equal to size    n  octets    padding to 4
 *
 * Out: size, unique pointer, conformance, octets, HRESULT. A null pointer ends the octets early.
 *
 *     4  size    4  referent id    4  maximum count    n  octets    padding to 4    4  HRESULT
 *     4  0       4  0                                                               4  HRESULT
 *
 * NDR pads before a field and never after the last one; we pad the request stub all the same, so
 * that its fragment is a whole number of words, as other implementations send it.
 */
const WORD = 4;
const IN_HEAD_LENGTH = 8;
const OUT_HEAD_LENGTH = 12;
const PADDING = new Uint8Array(WORD);

/** The greatest number of octets that Activate and Probe take (protocol.md). */
const IN_OCTETS_MAXIMUM = 512;
/** The greatest number of octets that an answer of ours holds: a licence chain. */
export const OUT_OCTETS_MAXIMUM = 4096;

/** What an answer says: octets and success, or no octets and an error. */
export type StubAnswer = {
  readonly octets: Uint8Array | undefined;
  /** Unsigned. */
  readonly hresult: number;
};

export function encodeInStub(octets: Uint8Array): Uint8Array {
  const padding = -octets.length & (WORD - 1);
  return new NdrWriter({ capacity: IN_HEAD_LENGTH + octets.length + padding })
    .u32(octets.length)
    .conformantOctets(octets)
    .octets(PADDING.subarray(0, padding))
    .finish();
}

/**
 * The octets of a request stub, as a view into it. What follows them is ignored, as runtimes may
 * pad. Errors: `truncated`, `sizeMismatch`, and `outOfRange` for more than `maximum`.
 */
export function decodeInStub(
  stub: Uint8Array,
  littleEndian: boolean,
  maximum = IN_OCTETS_MAXIMUM,
): Result<Uint8Array, DecodeError> {
  const reader = new NdrReader(stub, littleEndian);
  const size = reader.u32("size");
  if (size > maximum) reader.fail("outOfRange", 0, "size");
  return reader.finish(reader.conformantOctets(size, "data"));
}

/** An answer with octets, and HRESULT 0. */
export function encodeOutStub(octets: Uint8Array): Uint8Array {
  return new NdrWriter({ capacity: OUT_HEAD_LENGTH + octets.length + 2 * WORD })
    .u32(octets.length)
    .uniquePointer(true)
    .conformantOctets(octets)
    .hresult(0)
    .finish();
}

/** An answer without octets: the null pointer and an error. */
export function encodeErrorStub(hresult: number): Uint8Array {
  return new NdrWriter({ capacity: OUT_HEAD_LENGTH })
    .u32(0)
    .uniquePointer(false)
    .hresult(hresult)
    .finish();
}

/**
 * Reads an answer; `octets` is a view into `stub`. Errors: `truncated`, `sizeMismatch`,
 * `outOfRange`.
 */
export function decodeOutStub(
  stub: Uint8Array,
  littleEndian: boolean,
): Result<StubAnswer, DecodeError> {
  const reader = new NdrReader(stub, littleEndian);
  const size = reader.u32("size");
  if (size > OUT_OCTETS_MAXIMUM) reader.fail("outOfRange", 0, "size");
  const isPresent = reader.uniquePointer("data");
  if (!isPresent && size !== 0) reader.fail("sizeMismatch", 0, "size");
  const octets = isPresent ? reader.conformantOctets(size, "data") : undefined;
  const hresult = reader.hresult("result");
  return reader.finish({ octets, hresult });
}
