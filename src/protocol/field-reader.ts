import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { GUID_LENGTH, readGuid } from "./guid.ts";
import { readText, readTime, readU16 } from "./octets.ts";
import type { Guid } from "./types.ts";

/**
 * Reads the fields of a message one after another. The first failure sticks: later reads give
 * empty values, and {@link FieldReader.finish} gives the failure. So a decoder reads straight
 * through and decides once. For messages off the hot path.
 */
export class FieldReader {
  readonly #octets: Uint8Array;
  #offset = 0;
  #failure: DecodeError | undefined;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Notes a failure at the start of the field just read, `length` octets back. */
  refuse(code: string, field: string, length = 0): void {
    this.#failure ??= { code, offset: this.#offset - length, field };
  }

  u8(field: string): number {
    const start = this.#take(1, field);
    return start === undefined ? 0 : (this.#octets[start] as number);
  }

  /** One octet that has only one right value. */
  constant(value: number, code: string, field: string): void {
    if (this.u8(field) !== value) this.refuse(code, field, 1);
  }

  u16(field: string): number {
    const start = this.#take(2, field);
    return start === undefined ? 0 : readU16(this.#octets, start);
  }

  time(field: string): number {
    const start = this.#take(8, field);
    if (start === undefined) return 0;
    const time = readTime(this.#octets, start);
    if (time === undefined) this.refuse("outOfRange", field, 8);
    return time ?? 0;
  }

  guid(field: string): Guid {
    const start = this.#take(GUID_LENGTH, field);
    return start === undefined ? "" : readGuid(this.#octets, start);
  }

  /** A copy. */
  octets(length: number, field: string): Uint8Array {
    const start = this.#take(length, field);
    return start === undefined ? new Uint8Array() : this.#octets.slice(start, start + length);
  }

  /** UTF-8 that fits `form`; the form keeps control characters out of reports and logs. */
  text(length: number, form: RegExp, field: string): string {
    const start = this.#take(length, field);
    if (start === undefined) return "";
    const text = readText(this.#octets, start, length);
    if (text === undefined) this.refuse("invalidUtf8", field, length);
    else if (!form.test(text)) this.refuse("invalidText", field, length);
    return text ?? "";
  }

  /** `value` where every read succeeded and nothing is left over. */
  finish<Value>(value: Value): Result<Value, DecodeError> {
    if (this.#offset < this.#octets.length) this.refuse("trailingOctets", "end");
    return this.#failure === undefined ? ok(value) : fail(this.#failure);
  }

  #take(length: number, field: string): number | undefined {
    if (this.#failure !== undefined) return undefined;
    if (this.#offset + length > this.#octets.length) {
      this.#failure = { code: "tooShort", offset: this.#octets.length, field };
      return undefined;
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
