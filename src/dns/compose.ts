/**
 * Replies prepared in advance: everything behind the question, with compression pointers that
 * count on a question of a known length in front. Serving such an answer is copying it.
 */
import { MAX_MESSAGE_OCTETS } from "./codes.ts";
import { MessageWriter } from "./message-writer.ts";
import { type Name, ROOT } from "./name.ts";
import { NameScan } from "./name-scan.ts";
import type { RateLimiter } from "./rate-limit.ts";
import { negativeSoa, type Placed, type Resolution } from "./resolve.ts";
import type { Zone } from "./zone.ts";

/** A point at which the additional section may end when room is short. */
type AdditionalEnd = { readonly length: number; readonly count: number };

/** The three sections behind a question. */
export type Body = {
  readonly octets: Uint8Array;
  /** Octets of the answer and authority sections: without them the reply is truncated. */
  readonly requiredLength: number;
  /** The whole additional section first, then shorter ones by whole record sets, at last none. */
  readonly additionalEnds: readonly AdditionalEnd[];
};

/** One prepared reply and what belongs into the header before it. */
export type Template = {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  readonly first: Body;
  /** The same reply with its answer's records rotated, `first` included; empty if there is one. */
  readonly rotations: readonly Body[];
  /** Where pointers stand in the body, if it may be sent behind a longer question. */
  readonly pointers: Uint16Array;
  /** Octets of the question's name that the pointers count on. */
  readonly nameLength: number;
  /** Equal for answers that the rate limit counts as one: see {@link RateLimiter}. */
  readonly limitHash: number;
  /** Which rotation goes out next. */
  turn: number;
};

/** A set of more records than this is not rotated: the copies would cost more than they give. */
const MAX_ROTATED_RECORDS = 8;

const NO_POINTERS = new Uint16Array(0);

/** One is enough: composing is done before anything else can begin. */
const writer = new MessageWriter();

/** Prepares the reply to a question for `name`, whose hash is that of a {@link NameScan}. */
export function composeTemplate(
  name: Name,
  nameHash: number,
  resolution: Resolution & { readonly kind: "records" },
): Template {
  const { rcode, authoritative, answer, authority } = resolution;
  const first = composeBody(name, resolution, 0);
  const rotations: Body[] = [];
  const set = answer.length === 1 ? answer[0] : undefined;
  const records = set === undefined ? 1 : set.zone.sets.count(set.set);
  if (records > 1 && records <= MAX_ROTATED_RECORDS) {
    rotations.push(first);
    while (rotations.length < records) {
      rotations.push(composeBody(name, resolution, rotations.length));
    }
  }
  return {
    rcode,
    authoritative,
    answers: countRecords(answer),
    authorities: countRecords(authority),
    additionals: first.additionalEnds[0]?.count ?? 0,
    first,
    rotations: rotations.filter(
      (body) => body.additionalEnds[0]?.count === first.additionalEnds[0]?.count,
    ),
    pointers: NO_POINTERS,
    nameLength: name.length,
    limitHash: resolution.isSynthesised ? limitHash(limitOwner(resolution), rcode) : nameHash,
    turn: 0,
  };
}

/**
 * Prepares NXDOMAIN or NODATA of a zone for any name in it: composed for the apex itself, so that
 * for a longer name every pointer moves by the same number of octets.
 */
export function composeNegative(zone: Zone, rcode: number): Template {
  writer.begin(zone.apex);
  writeSet(negativeSoa(zone), 0);
  const octets = writer.body();
  return {
    rcode,
    authoritative: true,
    answers: 0,
    authorities: 1,
    additionals: 0,
    first: { octets, requiredLength: octets.length, additionalEnds: [] },
    rotations: [],
    pointers: writer.pointers(),
    nameLength: zone.apex.length,
    limitHash: limitHash(zone.apex, rcode),
    turn: 0,
  };
}

/** Answers that a stranger could ask for under any number of names count for their zone or cut. */
function limitOwner({ answer, authority }: Resolution & { readonly kind: "records" }): Name {
  return authority[0]?.owner ?? answer[0]?.zone.apex ?? ROOT;
}

function limitHash(name: Name, rcode: number): number {
  return (new NameScan().scanName(name).hashes[0] ?? 0) ^ (rcode + 1);
}

function countRecords(sets: readonly Placed[]): number {
  return sets.reduce((sum, { zone, set }) => sum + zone.sets.count(set), 0);
}

function composeBody(
  name: Name,
  { answer, authority, additional }: Resolution & { readonly kind: "records" },
  rotation: number,
): Body {
  writer.begin(name);
  let complete = true;
  for (const placed of answer) complete &&= writeSet(placed, rotation);
  for (const placed of authority) complete &&= writeSet(placed, 0);
  const requiredLength = complete ? writer.length : MAX_MESSAGE_OCTETS;
  const additionalEnds: AdditionalEnd[] = [{ length: writer.length, count: 0 }];
  let count = 0;
  for (const placed of additional) {
    const { length } = writer;
    if (!writeSet(placed, 0)) {
      writer.cutTo(length);
      break;
    }
    count += placed.zone.sets.count(placed.set);
    additionalEnds.unshift({ length: writer.length, count });
  }
  return { octets: writer.body(), requiredLength, additionalEnds };
}

/** Writes a record set, beginning with record number `rotation`; false where it does not fit. */
function writeSet({ owner, zone, set, ttl }: Placed, rotation: number): boolean {
  const { sets } = zone;
  const { octets } = sets;
  const type = sets.type(set);
  const start = sets.offset(set);
  const end = start + sets.length(set);
  let at = start;
  for (let index = 0; index < rotation; index += 1) at += recordOctets(octets, at);
  for (let left = sets.count(set); left > 0; left -= 1) {
    const next = at + recordOctets(octets, at);
    if (!writer.record(owner, type, ttl, octets, at + 2, next)) return false;
    at = next === end ? start : next;
  }
  return true;
}

/** Octets of the stored record at `at`, with its length. */
function recordOctets(octets: Uint8Array, at: number): number {
  return 2 + (((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0));
}
