/** Who goes where there is no room, and what a process with few descriptors can offer. */
import { describe, expect, test } from "bun:test";
import { type Displaceable, Displacement } from "../../src/rpc/displacement.ts";
import { fitLimits } from "../../src/rpc/fit-limits.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";

/** Waits since `since`, for at most `limit`; undefined while it is in a call. */
type Peer = Displaceable & { since: number | undefined };

function peer(since: number | undefined, limit = 100): Peer {
  return {
    since,
    timeUsed(now) {
      return this.since === undefined ? undefined : (now - this.since) / limit;
    },
  };
}

describe("who has to go", () => {
  test("whoever has used up most of its time, not whoever waits the longest", () => {
    const silent = peer(80);
    const pooled = peer(0, 1000);
    expect(new Displacement<Peer>().choose([pooled, silent], 100)).toBe(silent);
  });

  test("the oldest among equals, one after the other", () => {
    const peers = [peer(5), peer(5), peer(5)];
    const open = new Set(peers);
    const displacement = new Displacement<Peer>();
    const gone: (Peer | undefined)[] = [];
    for (let count = 0; count < 3; count += 1) {
      const chosen = displacement.choose(open, 9);
      if (chosen !== undefined) {
        open.delete(chosen);
        chosen.since = undefined;
      }
      gone.push(chosen);
    }
    expect(gone).toEqual(peers);
    expect(displacement.choose(open, 9)).toBeUndefined();
  });

  test("nobody who is in a call", () => {
    expect(new Displacement<Peer>().choose([peer(undefined)], 100)).toBeUndefined();
    const waiting = peer(99);
    expect(new Displacement<Peer>().choose([peer(undefined), waiting], 100)).toBe(waiting);
  });

  test("not one that has moved on since it was looked for", () => {
    const [first, second, third] = [peer(0), peer(1), peer(2)];
    const displacement = new Displacement<Peer>();
    expect(displacement.choose([first, second, third], 50)).toBe(first);
    second.since = 50;
    expect(displacement.choose([second, third], 50)).toBe(third);
  });

  test("a search that yields little is not repeated before the clock moves", () => {
    const busy = Array.from({ length: 1000 }, () => peer(undefined));
    const displacement = new Displacement<Peer>();
    expect(displacement.choose(busy, 1)).toBeUndefined();
    const open = [...busy, peer(0)];
    expect(displacement.choose(open, 1)).toBeUndefined();
    expect(displacement.choose(open, 2)).toBe(open.at(-1));
  });
});

describe("limits and descriptors", () => {
  const limits = {
    ...DEFAULT_RPC_LIMITS,
    connections: 8192,
    connectionsPerAddress: 512,
    sparedDescriptors: 768,
  };

  test("enough of them, or a system that does not say: as configured", () => {
    expect(fitLimits(limits, 8961).limits).toBe(limits);
    expect(fitLimits(limits, undefined)).toEqual({ limits, descriptorsNeeded: 8961 });
  });

  for (const [descriptors, connections, connectionsPerAddress] of [
    [8960, 8191, 512],
    [1024, 511, 255],
    [120, 59, 29],
    [3, 1, 1],
  ] as const) {
    test(`of ${descriptors}: ${connections} connections`, () => {
      const cut = { ...limits, connections, connectionsPerAddress };
      expect(fitLimits(limits, descriptors)).toEqual({ limits: cut, descriptorsNeeded: 8961 });
    });
  }
});
