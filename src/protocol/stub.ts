import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";

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
const OUT_EMPTY_LENGTH = 12;
/** Any value but 0 will do; this is the first one that widespread stubs hand out. */
const REFERENT_ID = 0x0002_0000;

/** The greatest number of octets that Activate and Probe take (protocol.md). */
export const IN_OCTETS_MAXIMUM = 512;
/** The greatest number of octets that an answer of ours holds: a licence chain. */
export const OUT_OCTETS_MAXIMUM = 4096;

/** What an answer says: octets and success, or no octets and an error. */
export type StubAnswer = {
  readonly octets: Uint8Array | undefined;
  /** Unsigned. */
  readonly hresult: number;
};

export function encodeInStub(octets: Uint8Array): Uint8Array {
  const stub = new Uint8Array(IN_HEAD_LENGTH + padded(octets.length));
  const view = viewOf(stub);
  view.setUint32(0, octets.length, true);
  view.setUint32(4, octets.length, true);
  stub.set(octets, IN_HEAD_LENGTH);
  return stub;
}

/**
 * The octets of a request stub, as a view into it. What follows them is ignored, as runtimes may
 * pad. Errors: `tooShort`, `outOfRange` (more than `maximum`), `lengthMismatch`. The caller answers
 * a stub that is no NDR with fault nca_s_fault_ndr, and one that is too long with an HRESULT.
 */
export function decodeInStub(
  stub: Uint8Array,
  littleEndian: boolean,
  maximum = IN_OCTETS_MAXIMUM,
): Result<Uint8Array, DecodeError> {
  if (stub.length < IN_HEAD_LENGTH) return refuse("tooShort", stub.length, "size");
  const view = viewOf(stub);
  const size = view.getUint32(0, littleEndian);
  if (size > maximum) return refuse("outOfRange", 0, "size");
  if (view.getUint32(4, littleEndian) !== size) return refuse("lengthMismatch", 4, "maximumCount");
  if (stub.length < IN_HEAD_LENGTH + size) return refuse("tooShort", stub.length, "data");
  return ok(stub.subarray(IN_HEAD_LENGTH, IN_HEAD_LENGTH + size));
}

/** An answer with octets, and HRESULT 0. */
export function encodeOutStub(octets: Uint8Array): Uint8Array {
  const padding = padded(octets.length);
  const stub = new Uint8Array(OUT_HEAD_LENGTH + padding + WORD);
  const view = viewOf(stub);
  view.setUint32(0, octets.length, true);
  view.setUint32(4, REFERENT_ID, true);
  view.setUint32(8, octets.length, true);
  stub.set(octets, OUT_HEAD_LENGTH);
  return stub;
}

/** An answer without octets: the null pointer and an error. */
export function encodeErrorStub(hresult: number): Uint8Array {
  const stub = new Uint8Array(OUT_EMPTY_LENGTH);
  viewOf(stub).setUint32(8, hresult, true);
  return stub;
}

/** Reads an answer; `octets` is a view into `stub`. Errors: `tooShort`, `outOfRange`, `lengthMismatch`. */
export function decodeOutStub(
  stub: Uint8Array,
  littleEndian: boolean,
): Result<StubAnswer, DecodeError> {
  if (stub.length < OUT_EMPTY_LENGTH) return refuse("tooShort", stub.length, "size");
  const view = viewOf(stub);
  const size = view.getUint32(0, littleEndian);
  if (view.getUint32(4, littleEndian) === 0) {
    if (size !== 0) return refuse("lengthMismatch", 0, "size");
    return ok({ octets: undefined, hresult: view.getUint32(8, littleEndian) });
  }
  if (size > OUT_OCTETS_MAXIMUM) return refuse("outOfRange", 0, "size");
  if (view.getUint32(8, littleEndian) !== size) return refuse("lengthMismatch", 8, "maximumCount");
  const hresultOffset = OUT_HEAD_LENGTH + padded(size);
  if (stub.length < hresultOffset + WORD) return refuse("tooShort", stub.length, "data");
  return ok({
    octets: stub.subarray(OUT_HEAD_LENGTH, OUT_HEAD_LENGTH + size),
    hresult: view.getUint32(hresultOffset, littleEndian),
  });
}

function padded(length: number): number {
  return (length + WORD - 1) & ~(WORD - 1);
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
}

function refuse(code: string, offset: number, field: string): Result<never, DecodeError> {
  return fail({ code, offset, field });
}
