import { joined } from "./octets.ts";
import { converse, cutAt } from "./stream-harness.ts";
import { SEED_BINDS, SEED_PDUS } from "./streams.ts";

/** A generator of numbers below `bound` that a seed repeats exactly (xorshift, 32 bits). */
export function seededNumbers(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

type Numbers = (bound: number) => number;

/** What a mutation does to a stream. */
const MUTATIONS: readonly ((stream: Uint8Array, draw: Numbers) => Uint8Array)[] = [
  (stream, draw) => {
    stream[draw(stream.length)] = draw(256);
    return stream;
  },
  (stream, draw) => {
    const place = draw(stream.length);
    stream[place] = (stream[place] ?? 0) ^ (1 << draw(8));
    return stream;
  },
  (stream, draw) => stream.slice(0, draw(stream.length) + 1),
  (stream, draw) => {
    const start = draw(stream.length);
    return joined(stream.slice(0, start), stream.slice(start + draw(64)));
  },
  (stream, draw) => {
    const start = draw(stream.length);
    const piece = stream.slice(start, start + draw(64));
    const place = draw(stream.length);
    return joined(stream.slice(0, place), piece, stream.slice(place));
  },
  (stream, draw) => {
    // The header fields that decide: version, type, flags, drep, lengths, in any 16 octets.
    stream[draw(Math.min(stream.length, 16))] = [0, 1, 0x7f, 0x80, 0xff][draw(5)] ?? 0;
    return stream;
  },
];

function pick<Value>(values: readonly Value[], draw: Numbers): Value {
  const value = values[draw(values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

/** A stream of PDUs with a few mistakes in it. */
function mutatedStream(draw: Numbers): Uint8Array {
  const pdus = Array.from({ length: draw(6) }, () => pick(SEED_PDUS, draw));
  let stream = joined(pick(SEED_BINDS, draw), ...pdus);
  for (let count = draw(4) + 1; count > 0 && stream.length > 0; count -= 1) {
    stream = pick(MUTATIONS, draw)(stream, draw);
  }
  return stream;
}

/** What was wrong with a round, for the seed to be tried again. */
export type FuzzFailure = { readonly seed: number; readonly reason: string };

/**
 * One round: a mutated stream whole, and cut in pieces, must be the same conversation, throw
 * nothing and leave nothing. Undefined where all is well.
 */
export function fuzzRound(seed: number): FuzzFailure | undefined {
  const draw = seededNumbers(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const stream = mutatedStream(draw);
  const places = Array.from({ length: draw(20) }, () => draw(stream.length + 1));
  try {
    const whole = JSON.stringify(comparable(converse([stream])));
    const cut = JSON.stringify(comparable(converse(cutAt(stream, places))));
    if (whole !== cut) return { seed, reason: `cut: ${cut}\nwhole: ${whole}` };
  } catch (error) {
    return { seed, reason: String(error) };
  }
  return undefined;
}

function comparable({ output, calls, closed, left }: ReturnType<typeof converse>): unknown {
  if (left.some((count) => count !== 0)) throw new Error(`left behind: ${left.join(", ")}`);
  return { output, calls, closed };
}
