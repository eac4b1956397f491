/** What is wrong with a record's data, for whoever wrote it. */
import type { DecodeError } from "../platform/result.ts";
import type { Token } from "./record-text.ts";

/** Characters of a word that are quoted. */
const MAX_QUOTED_CHARACTERS = 64;

const FIELD_WORDING: Readonly<Record<string, string>> = {
  u8: "number up to 255",
  u16: "number up to 65535",
  u32: "number up to 4294967295",
  ipv4: "IPv4 address",
  ipv6: "IPv6 address",
  name: "name",
  "plain-name": "name",
  string: "text of up to 255 octets",
  strings: "text of up to 255 octets",
  octets: "text",
  hex: "hexadecimal number of whole octets",
};

/** The word as an error shows it. */
export function shownWord({ text }: { readonly text: string }): string {
  const short = text.slice(0, MAX_QUOTED_CHARACTERS);
  return `"${short}${short.length < text.length ? "..." : ""}"`;
}

/**
 * An error of `rdataFromText` in words, and the word that it is about: none where one is missing.
 */
export function dataMistake(
  { code, offset, field }: DecodeError,
  tokens: readonly Token[],
  type: string,
): { readonly token: Token | undefined; readonly what: string } {
  const token = tokens.find((one) => one.offset === offset);
  const wanted = FIELD_WORDING[field] ?? field;
  if (code === "missing" || token === undefined) {
    return { token: undefined, what: `the record ends before its ${wanted}` };
  }
  if (code === "too-many") return { token, what: `${shownWord(token)} is too much` };
  if (code === "opaque-notation-wanted") {
    return { token, what: `data of type ${type} is written as \\# length hexadecimal` };
  }
  return { token, what: `${shownWord(token)} is no ${wanted}` };
}
