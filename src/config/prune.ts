import { formatPath, type KeyPath } from "./outline.ts";
import { isTable } from "./table.ts";

type Pruned = {
  readonly input: unknown;
  /** From a path in the pruned input to the one in the original. */
  readonly originalPath: (path: KeyPath) => KeyPath;
};

/** Copies the input without the broken keys; of a list, the whole element that holds one goes. */
export function prune(input: unknown, broken: readonly KeyPath[]): Pruned {
  const doomed = new Set(broken.map((path) => formatPath(untilElement(path))));
  const kept = new Map<string, readonly number[]>();
  const copy = (value: unknown, path: KeyPath): unknown => {
    if (Array.isArray(value)) {
      const indexes = [...value.keys()].filter(
        (index) => !doomed.has(formatPath([...path, index])),
      );
      kept.set(formatPath(path), indexes);
      return indexes.map((index) => copy(value[index], [...path, index]));
    }
    if (!isTable(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !doomed.has(formatPath([...path, key])))
        .map(([key, child]) => [key, copy(child, [...path, key])]),
    );
  };
  const originalPath = (path: KeyPath): KeyPath => {
    const original: (string | number)[] = [];
    for (const step of path) {
      const index = typeof step === "number" ? kept.get(formatPath(original))?.[step] : undefined;
      original.push(index ?? step);
    }
    return original;
  };
  return { input: copy(input, []), originalPath };
}

function untilElement(path: KeyPath): KeyPath {
  const element = path.findIndex((step) => typeof step === "number");
  return element === -1 ? path : path.slice(0, element + 1);
}
