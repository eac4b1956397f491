/** Records of the configuration file as zones hold them. */
import { literalName, type Name, nameFromText, ROOT } from "../dns/name.ts";
import { type RdataField, rdataLayout, typeFromText } from "../dns/rdata.ts";
import { rdataFromText, type Token, tokensFromText } from "../dns/record-text.ts";
import { dataMistake } from "../dns/record-wording.ts";
import type { ZoneRecord } from "../dns/zone.ts";
import { fail, ok, type Result } from "../platform/result.ts";

export type RecordSettings = {
  readonly name: string;
  readonly type: string;
  readonly values: readonly string[];
  readonly ttl?: number | undefined;
};

/** Of the element `index` of `dns.record`. */
export type ConfiguredRecord = ZoneRecord & { readonly index: number };

export type RecordMistake = {
  /** The key within the record, and which of its values. */
  readonly path: readonly (string | number)[];
  readonly what: string;
};

/**
 * Names that end in a dot or have several labels are full; a single label, and `@`, are of the
 * first zone, as everywhere in the configuration.
 */
export function recordsOf(
  { name, type, values, ttl }: RecordSettings,
  index: number,
  firstZone: string | undefined,
  defaultTtl: number,
): Result<readonly ConfiguredRecord[], RecordMistake> {
  const zone = firstZone === undefined ? ROOT : literalName(firstZone);
  const owner = nameFromText(qualify(name), zone);
  if (!owner.ok) return fail({ path: ["name"], what: `is no name: ${owner.error.code}` });
  const typeNumber = typeFromText(type);
  if (typeNumber === undefined) return fail({ path: ["type"], what: "is no record type" });
  const records: ConfiguredRecord[] = [];
  for (const [at, value] of values.entries()) {
    const rdata = dataFromText(typeNumber, type, value, zone);
    if (!rdata.ok) return fail({ path: ["values", at], what: rdata.error });
    const record = { name: owner.value, type: typeNumber, ttl: ttl ?? defaultTtl };
    records.push({ ...record, rdata: rdata.value, index });
  }
  return ok(records);
}

function dataFromText(
  type: number,
  typeText: string,
  value: string,
  zone: Name,
): Result<Uint8Array, string> {
  const fields = rdataLayout(type)?.fields ?? [];
  const tokens = fields[0] === "strings" && !/^\s*"/.test(value) ? wholeText(value) : words(value);
  if (tokens === undefined) return fail("has a quotation or an escape that does not end");
  const qualified = tokens.map((token, index) => qualifyField(token, fields[index]));
  const rdata = rdataFromText(type, qualified, zone, Number.POSITIVE_INFINITY);
  return rdata.ok ? rdata : fail(dataMistake(rdata.error, qualified, typeText).what);
}

function words(value: string): readonly Token[] | undefined {
  const tokens = tokensFromText(value);
  return tokens.ok ? tokens.value : undefined;
}

/** A text without quotation marks is one text, blanks and all: TOML has quoted it already. */
function wholeText(value: string): readonly Token[] {
  return [{ text: value.replaceAll("\\", "\\\\"), isQuoted: true, offset: 0 }];
}

function qualifyField(token: Token, field: RdataField | undefined): Token {
  const isName = field === "name" || field === "plain-name";
  return isName ? { ...token, text: qualify(token.text) } : token;
}

/** Several labels are a full name. An escaped dot is none that separates. */
function qualify(text: string): string {
  const separated = text.replaceAll(/\\./g, "");
  return separated.includes(".") && !separated.endsWith(".") ? `${text}.` : text;
}
