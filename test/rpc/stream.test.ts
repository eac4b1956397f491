import { expect, test } from "bun:test";
import fc from "fast-check";
import { joined, octets, request, u32 } from "./octets.ts";
import { converse, cutAt } from "./stream-harness.ts";
import { SEED_BINDS, SEED_PDUS } from "./streams.ts";

/**
 * The one property of the connection, after h11: any octets either are PDUs or a protocol error,
 * never an exception; and how the network cut them makes no difference.
 */

const valid = fc
  .tuple(fc.constantFrom(...SEED_BINDS), fc.array(fc.constantFrom(...SEED_PDUS), { maxLength: 8 }))
  .map(([bind, pdus]) => joined(bind, ...pdus));

const mutated = fc
  .tuple(
    valid,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
  )
  .map(([stream, changes]) => {
    const changed = stream.slice();
    for (const [place, octet] of changes) changed[place % changed.length] = octet;
    return changed;
  });

const random = fc.uint8Array({ maxLength: 400 });

const streams = fc.oneof(
  valid,
  mutated,
  random,
  fc.tuple(mutated, random).map(([first, second]) => joined(first, second)),
);

test("any stream, however it is cut, gives the same PDUs and calls, and leaves nothing", () => {
  fc.assert(
    fc.property(streams, fc.array(fc.nat({ max: 8000 }), { maxLength: 12 }), (stream, places) => {
      const whole = converse([stream]);
      const cut = converse(cutAt(stream, places));
      expect(cut).toEqual(whole);
      expect(whole.left).toEqual([0, 0, 0]);
    }),
    { numRuns: 400 },
  );
});

test("any stream, octet by octet", () => {
  fc.assert(
    fc.property(streams, (stream) => {
      const single = Array.from(stream, (octet) => new Uint8Array([octet]));
      expect(converse(single)).toEqual(converse([stream]));
    }),
    { numRuns: 60 },
  );
});

test("short turns change nothing", () => {
  fc.assert(
    fc.property(streams, fc.integer({ min: 1, max: 3 }), (stream, pdusPerTurn) => {
      expect(converse([stream], { pdusPerTurn })).toEqual(converse([stream]));
    }),
    { numRuns: 200 },
  );
});

test("tight limits change the answers, never the rules: no exception, nothing left", () => {
  const limits = fc.record({
    requestOctets: fc.integer({ min: 0, max: 200 }),
    requestFragments: fc.integer({ min: 1, max: 4 }),
    contexts: fc.integer({ min: 0, max: 2 }),
    callsInFlight: fc.integer({ min: 1, max: 3 }),
    pdusPerTurn: fc.integer({ min: 1, max: 3 }),
    reassemblyOctets: fc.integer({ min: 0, max: 600 }),
    outputOctets: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(
      streams,
      fc.array(fc.nat({ max: 8000 }), { maxLength: 12 }),
      limits,
      (stream, places, tight) => {
        expect(converse(cutAt(stream, places), tight).left).toEqual([0, 0, 0]);
      },
    ),
    { numRuns: 300 },
  );
});

test("the stream property would notice: a valid stream reaches its calls", () => {
  const [bind = octets("")] = SEED_BINDS;
  const { calls, closed, counters } = converse([joined(bind, request(0, u32(7)), request(2))]);
  expect(calls).toEqual(["echo/0 07000000", "echo/2 "]);
  expect(closed).toBeUndefined();
  expect(counters).toMatchObject({ pdusReceived: 3, pdusSent: 3, calls: 2 });
});
