/**
 * NDR 2.0 (C706 chapter 14), as far as this project's interfaces use it: unsigned long and short,
 * octet arrays, conformant octet arrays, unique pointers, GUIDs and HRESULTs, in both byte orders.
 * Everything is aligned to its own size, counted from the start of the stub.
 */
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import type { Guid } from "../protocol/types.ts";
import { GUID_LENGTH, readGuid, writeGuid } from "./guid.ts";
import { readU16, readU32, writeU16, writeU32 } from "./octets.ts";

const EMPTY = new Uint8Array(0);

/**
 * Reads a stub from its start. After the first failure every reader gives zero or nothing, so that
 * a whole structure is read in a row and asked once, with {@link NdrReader.finish}, whether it was
 * there.
 */
export class NdrReader {
  readonly #bytes: Uint8Array;
  readonly #littleEndian: boolean;
  #offset = 0;
  #error: DecodeError | undefined;

  constructor(bytes: Uint8Array, littleEndian: boolean) {
    this.#bytes = bytes;
    this.#littleEndian = littleEndian;
  }

  /** Octets not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(field: string): number {
    const at = this.#take(1, 1, field);
    return at < 0 ? 0 : (this.#bytes[at] ?? 0);
  }

  u16(field: string): number {
    const at = this.#take(2, 2, field);
    return at < 0 ? 0 : readU16(this.#bytes, at, this.#littleEndian);
  }

  u32(field: string): number {
    const at = this.#take(4, 4, field);
    return at < 0 ? 0 : readU32(this.#bytes, at, this.#littleEndian);
  }

  /** error_status_t and HRESULT are unsigned longs on the wire. */
  hresult(field: string): number {
    return this.u32(field);
  }

  guid(field: string): Guid {
    const at = this.#take(GUID_LENGTH, 4, field);
    return at < 0 ? "" : readGuid(this.#bytes, at, this.#littleEndian);
  }

  /** `length` octets where they stand: a view of the stub, not a copy. */
  octets(length: number, field: string): Uint8Array {
    const at = this.#take(length, 1, field);
    return at < 0 ? EMPTY : this.#bytes.subarray(at, at + length);
  }

  /**
   * `[size_is(size)] byte *data`: the array's own count, then its octets (a view). Fails where the
   * count is not `size`, so that a peer cannot say one length and send another.
   */
  conformantOctets(size: number, field: string): Uint8Array {
    const at = this.#offset;
    const count = this.u32(field);
    if (this.#error === undefined && count !== size) this.fail("sizeMismatch", at, field);
    return this.#error === undefined ? this.octets(size, field) : EMPTY;
  }

  /** A unique pointer: whether it points to something. What it points to follows (C706 14.3.11). */
  uniquePointer(field: string): boolean {
    return this.u32(field) !== 0;
  }

  /**
   * Records a failure of the caller's own finding, at an offset of the stub. The first one stays.
   */
  fail(code: string, offset: number, field: string): void {
    this.#error ??= { code, offset, field };
  }

  /** What was read, or why it was not there. Octets after it are no failure. */
  finish<Value>(value: Value): Result<Value, DecodeError> {
    return this.#error === undefined ? ok(value) : fail(this.#error);
  }

  #take(length: number, alignment: number, field: string): number {
    if (this.#error !== undefined) return -1;
    const at = (this.#offset + alignment - 1) & ~(alignment - 1);
    if (at + length > this.#bytes.length) {
      this.fail("truncated", this.#offset, field);
      return -1;
    }
    this.#offset = at + length;
    return at;
  }
}

/** The referent id of a pointer that is not null; any value but 0 means the same. */
const REFERENT = 0x00020000;

/** Writes a stub from its start; it grows as needed. */
export class NdrWriter {
  readonly #littleEndian: boolean;
  #bytes: Uint8Array;
  #offset = 0;
  #referents = 0;

  constructor(options: { readonly littleEndian?: boolean; readonly capacity?: number } = {}) {
    this.#littleEndian = options.littleEndian ?? true;
    this.#bytes = new Uint8Array(options.capacity ?? 64);
  }

  u8(value: number): this {
    this.#bytes[this.#reserve(1, 1)] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2, 2);
    writeU16(this.#bytes, at, value, this.#littleEndian);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4, 4);
    writeU32(this.#bytes, at, value, this.#littleEndian);
    return this;
  }

  hresult(value: number): this {
    return this.u32(value);
  }

  guid(value: Guid): this {
    const at = this.#reserve(GUID_LENGTH, 4);
    writeGuid(this.#bytes, at, value, this.#littleEndian);
    return this;
  }

  octets(value: Uint8Array): this {
    const at = this.#reserve(value.length, 1);
    this.#bytes.set(value, at);
    return this;
  }

  /** The count of a conformant array, then its octets. */
  conformantOctets(value: Uint8Array): this {
    return this.u32(value.length).octets(value);
  }

  /** A unique pointer: null, or the id of what follows. */
  uniquePointer(present: boolean): this {
    if (!present) return this.u32(0);
    this.#referents += 1;
    return this.u32(REFERENT + 4 * (this.#referents - 1));
  }

  /** The stub. The writer is used up: the bytes are its own, not a copy. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#offset);
  }

  #reserve(length: number, alignment: number): number {
    const at = (this.#offset + alignment - 1) & ~(alignment - 1);
    const end = at + length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#offset));
      this.#bytes = grown;
    }
    this.#offset = end;
    return at;
  }
}
