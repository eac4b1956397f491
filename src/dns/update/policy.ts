/** Who may write what by update (DNS-7). What nobody may write is in zone-content.ts. */
import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import { RecordType } from "../codes.ts";
import { isWithin, type Name, nameFromText, sameName } from "../name.ts";
import { typeFromText } from "../rdata.ts";

/** Types that only a grant which names them gives: they hand a part of the zone to others. */
const UNUSUAL_TYPES: ReadonlySet<number> = new Set([
  RecordType.SOA,
  RecordType.NS,
  RecordType.DNAME,
  RecordType.DS,
]);

export type Grant = {
  readonly names: /** The name that the key itself has. */
    | { readonly kind: "self" }
    | { readonly kind: "any" }
    | { readonly kind: "exact" | "below"; readonly name: Name };
  readonly types: "usual" | "any" | ReadonlySet<number>;
};

/**
 * Reads `NAMES [TYPE...]`. NAMES is a name, `*.NAME` for all names below it, `self` for the name of
 * the key, or `*`. Without types: all but SOA, NS, DS and DNAME; `ANY` are all.
 */
export function parseGrant(text: string): Result<Grant, DecodeError> {
  const [namesText = "", ...typeTexts] = text.trim().split(/\s+/);
  const names = parseNames(namesText);
  if (names === undefined) return fail({ code: "bad-name", offset: 0, field: "names" });
  if (typeTexts.length === 0) return ok({ names, types: "usual" });
  if (typeTexts.some((type) => type.toUpperCase() === "ANY")) return ok({ names, types: "any" });
  const types = new Set<number>();
  for (const typeText of typeTexts) {
    const type = typeFromText(typeText);
    const offset = text.indexOf(typeText);
    if (type === undefined) return fail({ code: "unknown-type", offset, field: "types" });
    types.add(type);
  }
  return ok({ names, types });
}

function parseNames(text: string): Grant["names"] | undefined {
  if (text === "self") return { kind: "self" };
  if (text === "*") return { kind: "any" };
  const isBelow = text.startsWith("*.");
  const name = nameFromText(isBelow ? text.slice(2) : text);
  if (!name.ok) return undefined;
  return { kind: isBelow ? "below" : "exact", name: name.value };
}

/** Who asks for an update; without a key it is known by its address alone. */
export type Requester = { readonly keyName: Name | undefined; readonly grants: readonly Grant[] };

export function mayWriteName({ keyName, grants }: Requester, name: Name): boolean {
  return grants.some((grant) => coversName(grant, keyName, name));
}

export function mayWrite({ keyName, grants }: Requester, name: Name, type: number): boolean {
  return grants.some((grant) => coversName(grant, keyName, name) && coversType(grant, type));
}

function coversName({ names }: Grant, keyName: Name | undefined, name: Name): boolean {
  switch (names.kind) {
    case "any":
      return true;
    case "self":
      return keyName !== undefined && sameName(keyName, name);
    case "exact":
      return sameName(names.name, name);
    case "below":
      return isWithin(name, names.name) && !sameName(names.name, name);
  }
}

function coversType({ types }: Grant, type: number): boolean {
  if (types === "any") return true;
  return types === "usual" ? !UNUSUAL_TYPES.has(type) : types.has(type);
}
