/** Edits (insert, delete, replace, swap of neighbours) that a suggestion may be away at most. */
const MAXIMUM_EDITS = 3;
/** Longer texts are not compared: the cost grows with the product of the lengths. */
const MAXIMUM_LENGTH = 64;

/** The candidate that was most likely meant ("did you mean"), or undefined where none is close. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > MAXIMUM_LENGTH) return undefined;
  let best: string | undefined;
  // A short word is close to everything: half of its letters must be right.
  let bestEdits = Math.min(MAXIMUM_EDITS, Math.floor(text.length / 2)) + 1;
  for (const candidate of candidates) {
    if (candidate.length > MAXIMUM_LENGTH) continue;
    const edits = countEdits(text.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits) {
      bestEdits = edits;
      best = candidate;
    }
  }
  return best;
}

/** Optimal string alignment distance (Damerau-Levenshtein without overlapping swaps). */
export function countEdits(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}
