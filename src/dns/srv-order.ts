import type { RandomBytes } from "../platform/randomness.ts";

/** What the order of SRV records hangs on, RFC 2782. */
export type Weighted = { readonly priority: number; readonly weight: number };

const DRAW_OCTETS = 4;

/** A number from 0 to `limit`, both included; `limit` is far below 2^32, so the bias is nil. */
function drawUpTo(limit: number, randomBytes: RandomBytes): number {
  const octets = randomBytes(DRAW_OCTETS);
  const value = new DataView(octets.buffer, octets.byteOffset).getUint32(0);
  return Math.floor((value / 2 ** 32) * (limit + 1));
}

/**
 * The order in which a client tries hosts (RFC 2782 "Weight", CLIENT-1): lower priorities first,
 * and within one priority drawn at random in proportion to weight. Weight 0 is drawn seldom, but
 * is; where all are 0, the draw is even, as Windows has it for its default 0,0.
 */
export function orderByPriorityAndWeight<Host extends Weighted>(
  hosts: readonly Host[],
  randomBytes: RandomBytes,
): Host[] {
  const byPriority = Map.groupBy(hosts, ({ priority }) => priority);
  return [...byPriority.keys()]
    .toSorted((first, second) => first - second)
    .flatMap((priority) => drawAll(byPriority.get(priority) ?? [], randomBytes));
}

function drawAll<Host extends Weighted>(group: readonly Host[], randomBytes: RandomBytes): Host[] {
  // Those of weight 0 stand first, so that they keep a chance.
  const left = group.toSorted(
    (first, second) => Number(first.weight > 0) - Number(second.weight > 0),
  );
  const ordered: Host[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    const index =
      total === 0 ? drawUpTo(left.length - 1, randomBytes) : draw(left, total, randomBytes);
    ordered.push(...left.splice(index, 1));
  }
  return ordered;
}

/**
 * The first whose running sum of weights reaches the number drawn. The RFC draws from 0, which is
 * the share of those of weight 0; without any it would only favour the first of the list.
 */
function draw(left: readonly Weighted[], total: number, randomBytes: RandomBytes): number {
  const lowest = left[0]?.weight === 0 ? 0 : 1;
  const drawn = lowest + drawUpTo(total - lowest, randomBytes);
  let sum = 0;
  return left.findIndex(({ weight }) => {
    sum += weight;
    return sum >= drawn;
  });
}
