/**
 * From a key to its place in the file. Only used once there is something to complain about: the
 * parser that knows places is slower than the one that reads values.
 */
import { type AST, parseTOML } from "toml-eslint-parser";
import { formatPath, type KeyPath } from "./outline.ts";

/** One-based line and column. */
export type Place = { readonly line: number; readonly column: number };

const START: Place = { line: 1, column: 1 };

/** Finds places in a file that parses; a key that is not there has the place of its section. */
export function placeFinder(text: string): (path: KeyPath) => Place {
  const places = new Map<string, Place>();
  try {
    for (const node of parseTOML(text).body[0].body) collect(node, [], places);
  } catch {
    // The value parser accepted what this one does not: the start of the file is still a place.
  }
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const place = places.get(formatPath(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return START;
  };
}

function collect(
  node: AST.TOMLKeyValue | AST.TOMLTable,
  parent: KeyPath,
  places: Map<string, Place>,
): void {
  const path =
    node.type === "TOMLTable" ? node.resolvedKey : [...parent, ...node.key.keys.map(keyText)];
  note(places, path, node.key);
  // `[rpc.limits]` is also the first place of `rpc`, should the file have no better one.
  for (let length = path.length - 1; length > parent.length; length -= 1) {
    note(places, path.slice(0, length), node.key);
  }
  if (node.type === "TOMLTable") {
    for (const child of node.body) collect(child, path, places);
  } else {
    collectValue(node.value, path, places);
  }
}

function collectValue(node: AST.TOMLContentNode, path: KeyPath, places: Map<string, Place>): void {
  if (node.type === "TOMLInlineTable") {
    for (const child of node.body) collect(child, path, places);
  }
  if (node.type !== "TOMLArray") return;
  for (const [index, element] of node.elements.entries()) {
    note(places, [...path, index], element);
    collectValue(element, [...path, index], places);
  }
}

function keyText(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

function note(places: Map<string, Place>, path: KeyPath, node: AST.TOMLNode): void {
  const key = formatPath(path);
  if (places.has(key)) return;
  places.set(key, { line: node.loc.start.line, column: node.loc.start.column + 1 });
}
