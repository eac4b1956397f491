/**
 * Reads zone files: the master file format of RFC 1035 §5, with $TTL (RFC 2308 §4), unknown types
 * and opaque data (RFC 3597 §5), and times such as `1h30m` as BIND writes them. $INCLUDE is
 * refused: a zone is one file, and a file names no other.
 */
import { fail, ok, type Result } from "../platform/result.ts";
import { RecordType } from "./codes.ts";
import { type Name, nameFromText } from "./name.ts";
import { typeFromText } from "./rdata.ts";
import { rdataFromText, type Token } from "./record-text.ts";
import { dataMistake, shownWord as shown } from "./record-wording.ts";
import { MAX_TTL_SECONDS, type ZoneRecord } from "./zone.ts";

/** One-based; columns count UTF-16 units. */
export type FilePlace = { readonly line: number; readonly column: number };

export type ZoneFileRecord = ZoneRecord & FilePlace;

/** `what` is a clause that quotes the file: untrusted text. */
export type ZoneFileError = FilePlace & { readonly what: string };

export type ZoneFileOptions = {
  /** The first $ORIGIN. */
  readonly apex: Name;
  /** Seconds, for records before any $TTL or TTL. */
  readonly defaultTtl: number;
};

/** Words of one entry, `TXT` data of a whole message among them. */
const MAX_ENTRY_WORDS = 16_384;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

type Word = Token & FilePlace;
type Step<Value> = Result<Value, ZoneFileError>;

/** Every record, and every mistake, in the order of the file. Reading goes on after a mistake. */
export function* readZoneFile(
  text: string,
  options: ZoneFileOptions,
): Generator<Result<ZoneFileRecord, ZoneFileError>, void> {
  const scanner = new EntryScanner(text);
  const reader = new EntryReader(options);
  for (;;) {
    const entry = scanner.next();
    if (entry === undefined) return;
    const read = entry.ok ? reader.read(entry.value) : entry;
    if (!read.ok) yield read;
    else if (read.value !== undefined) yield ok(read.value);
  }
}

/** `300` or `1h30m`; undefined where it is neither or above 2^31 - 1. */
export function secondsFromText(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return inRange(Number(text));
  if (!/^(?:\d{1,10}[wdhms])+$/i.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([wdhms])/gi)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit?.toLowerCase() ?? ""] ?? 0);
  }
  return inRange(seconds);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  w: 604_800,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
};

function inRange(seconds: number): number | undefined {
  return seconds <= MAX_TTL_SECONDS ? seconds : undefined;
}

type Entry = { readonly words: readonly Word[]; readonly startsBlank: boolean };

/** Cuts a file into entries: a line, or several within parentheses (RFC 1035 §5.1). */
class EntryScanner {
  readonly #text: string;
  #at: number;
  #line = 1;
  #lineStart: number;
  #depth = 0;
  #words: Word[] = [];

  constructor(text: string) {
    this.#text = text;
    // A byte order mark is no part of the first name.
    this.#at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.#lineStart = this.#at;
  }

  next(): Step<Entry> | undefined {
    this.#words = [];
    this.#depth = 0;
    let startsBlank = isBlank(this.#text.charCodeAt(this.#at));
    while (this.#at < this.#text.length) {
      if (this.#text.charCodeAt(this.#at) !== NEWLINE) {
        const error = this.#scan();
        if (error !== undefined) return fail(this.#skipLine(error));
        continue;
      }
      this.#newLine();
      if (this.#depth > 0) continue;
      if (this.#words.length > 0) return ok({ words: this.#words, startsBlank });
      startsBlank = isBlank(this.#text.charCodeAt(this.#at));
    }
    if (this.#depth > 0) return fail(this.#error("the file ends within parentheses"));
    return this.#words.length > 0 ? ok({ words: this.#words, startsBlank }) : undefined;
  }

  /** Everything but the end of a line. */
  #scan(): ZoneFileError | undefined {
    const code = this.#text.charCodeAt(this.#at);
    if (isBlank(code)) {
      this.#at += 1;
      return undefined;
    }
    switch (code) {
      case SEMICOLON: {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#text.length : end;
        return undefined;
      }
      case OPEN:
      case CLOSE:
        this.#depth += code === OPEN ? 1 : -1;
        if (this.#depth < 0) return this.#error("a parenthesis is closed that was not opened");
        this.#at += 1;
        return undefined;
      default:
        if (this.#words.length === MAX_ENTRY_WORDS) return this.#error("too many words");
        return code === QUOTE ? this.#quoted() : this.#plain();
    }
  }

  #quoted(): ZoneFileError | undefined {
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) at += 1;
      if (Number.isNaN(code) || this.#text.charCodeAt(at) === NEWLINE) {
        return this.#error("the quotation is not closed on its line");
      }
      at += 1;
    }
    this.#push(this.#text.slice(start, at), true);
    this.#at = at + 1;
    return undefined;
  }

  #plain(): ZoneFileError | undefined {
    const start = this.#at;
    let at = start;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (Number.isNaN(code) || code === NEWLINE || isDelimiter(code)) break;
      // What is escaped belongs to the word, whatever it is.
      at += code === BACKSLASH && this.#text.charCodeAt(at + 1) !== NEWLINE ? 2 : 1;
    }
    this.#push(this.#text.slice(start, at), false);
    this.#at = Math.min(at, this.#text.length);
    return undefined;
  }

  #push(text: string, isQuoted: boolean): void {
    const { line, column } = this.#place();
    this.#words.push({ text, isQuoted, offset: this.#at, line, column });
  }

  #newLine(): void {
    this.#at += 1;
    this.#line += 1;
    this.#lineStart = this.#at;
  }

  #skipLine(error: ZoneFileError): ZoneFileError {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
    return error;
  }

  #place(): FilePlace {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #error(what: string): ZoneFileError {
    return { ...this.#place(), what };
  }
}

/** A carriage return counts as a blank, for files from other systems. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d;
}

function isDelimiter(code: number): boolean {
  return isBlank(code) || code === SEMICOLON || code === OPEN || code === CLOSE || code === QUOTE;
}

function errorAt({ line, column }: FilePlace, what: string): Step<never> {
  return fail({ line, column, what });
}

/** Understands entries; keeps what holds from one to the next. */
class EntryReader {
  #origin: Name;
  /** Undefined: there was none yet. `bad`: it was a mistake, told already. */
  #owner: Name | "bad" | undefined;
  #ttl: number;
  #hasTtlDirective = false;

  constructor({ apex, defaultTtl }: ZoneFileOptions) {
    this.#origin = apex;
    this.#ttl = defaultTtl;
  }

  /** Undefined for what is no record. */
  read({ words, startsBlank }: Entry): Step<ZoneFileRecord | undefined> {
    const [first] = words;
    if (first === undefined) return ok(undefined);
    if (startsBlank) {
      if (this.#owner === "bad") return ok(undefined);
      if (this.#owner === undefined) return errorAt(first, "there is no name before this line");
      return this.#record(this.#owner, words, 0);
    }
    if (first.text.startsWith("$") && !first.isQuoted) return this.#directive(first, words);
    const owner = this.#name(first);
    this.#owner = owner.ok ? owner.value : "bad";
    return owner.ok ? this.#record(owner.value, words, 1) : owner;
  }

  #directive(first: Word, [, argument, extra]: readonly Word[]): Step<undefined> {
    const directive = first.text.toUpperCase();
    if (directive === "$INCLUDE") {
      return errorAt(first, "$INCLUDE is not followed: put the records into this file");
    }
    if (directive !== "$ORIGIN" && directive !== "$TTL") {
      return errorAt(first, `${shown(first)} is not known`);
    }
    if (argument === undefined) return errorAt(first, `${directive} says nothing`);
    if (extra !== undefined) return errorAt(extra, `${shown(extra)} is too much`);
    if (directive === "$ORIGIN") {
      const origin = this.#name(argument);
      if (!origin.ok) return origin;
      this.#origin = origin.value;
      return ok(undefined);
    }
    const seconds = secondsFromText(argument.text);
    if (seconds === undefined) return errorAt(argument, `${shown(argument)} is no time to live`);
    this.#ttl = seconds;
    this.#hasTtlDirective = true;
    return ok(undefined);
  }

  #name(word: Word): Step<Name> {
    const name = nameFromText(word.text, this.#origin);
    if (name.ok) return name;
    return errorAt(word, `${shown(word)} is no name: ${name.error.code}`);
  }

  /** `[TTL] [class] type data`, TTL and class in either order. */
  #record(name: Name, words: readonly Word[], from: number): Step<ZoneFileRecord> {
    let index = from;
    let ttl: number | undefined;
    let hasClass = false;
    for (;;) {
      const word = words[index];
      if (word === undefined) return this.#missing(words, "type");
      if (ttl === undefined && /^\d/.test(word.text)) {
        ttl = secondsFromText(word.text);
        if (ttl === undefined) return errorAt(word, `${shown(word)} is no time to live`);
      } else if (!hasClass && isClass(word.text)) {
        if (word.text.toUpperCase() !== "IN")
          return errorAt(word, `class ${shown(word)} is not IN`);
        hasClass = true;
      } else break;
      index += 1;
    }
    // RFC 1035 §5.1: what was said last holds on; but $TTL, where there is one, goes before.
    if (ttl !== undefined && !this.#hasTtlDirective) this.#ttl = ttl;
    return this.#data(name, ttl ?? this.#ttl, words, index);
  }

  #data(name: Name, ttl: number, words: readonly Word[], index: number): Step<ZoneFileRecord> {
    const [first, typeWord] = [words[0], words[index]];
    if (first === undefined || typeWord === undefined) return this.#missing(words, "type");
    const type = typeFromText(typeWord.text);
    if (type === undefined) {
      const hint = "write TYPE and its number for one that is not known here";
      return errorAt(typeWord, `${shown(typeWord)} is no record type; ${hint}`);
    }
    const data = words.slice(index + 1);
    const tokens = type === RecordType.SOA ? data.map(withSeconds) : data;
    const rdata = rdataFromText(type, tokens, this.#origin, Number.POSITIVE_INFINITY);
    if (rdata.ok) {
      const { line, column } = first;
      return ok({ name, type, ttl, rdata: rdata.value, line, column });
    }
    const { token, what } = dataMistake(rdata.error, data, typeWord.text);
    const wrong = data.find((word) => word === token || word.offset === token?.offset);
    return errorAt(wrong ?? words.at(-1) ?? first, what);
  }

  #missing(words: readonly Word[], what: string): Step<never> {
    return errorAt(words.at(-1) ?? { line: 1, column: 1 }, `the record ends before its ${what}`);
  }
}

function isClass(text: string): boolean {
  return /^(?:IN|CH|CS|HS|CLASS\d+)$/i.test(text);
}

/** The times of a SOA, behind its two names, may have units. */
function withSeconds(word: Word, index: number): Word {
  const seconds = index < 3 || !/[wdhms]/i.test(word.text) ? undefined : secondsFromText(word.text);
  return seconds === undefined ? word : { ...word, text: String(seconds) };
}
