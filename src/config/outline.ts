/** The schema as data: what the template, the environment and the suggestions go by. */
import { z } from "zod";
import { configurationSchema } from "./schema.ts";

/** The part of JSON Schema (2020-12) that `z.toJSONSchema` writes for our kinds of keys. */
export type SchemaNode = {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly description?: string;
  readonly default?: unknown;
  /** A value to show where there is no default (`examples` is JSON Schema's, but zod drops it). */
  readonly example?: unknown;
  /** Not to be shown once it is set. */
  readonly secret?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
};

export type KeyPath = readonly (string | number)[];

/** The schema of what a person may write (defaults and text forms, not what becomes of them). */
export const outline = z.toJSONSchema(configurationSchema, { io: "input" }) as SchemaNode;

/** `rpc.listen[1]`, `product[0].threshold`; the file as a whole is the empty text. */
export function formatPath(path: KeyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** The node at a path, through lists by any index; undefined where the schema has none. */
export function nodeAt(path: KeyPath): SchemaNode | undefined {
  let node: SchemaNode | undefined = outline;
  for (const step of path) {
    node = typeof step === "number" ? node?.items : ownProperty(node?.properties, step);
  }
  return node;
}

function ownProperty<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  key: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** A key that holds a value, as against a section. */
export type KeyDefinition = { readonly path: readonly string[]; readonly node: SchemaNode };

/**
 * Every key that can be set on its own, in the order of the file. Lists of tables are not among
 * them.
 */
export const keyDefinitions: readonly KeyDefinition[] = collectKeys([], outline);

function collectKeys(path: readonly string[], node: SchemaNode): KeyDefinition[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const childPath = [...path, key];
    if (child.type === "object") return collectKeys(childPath, child);
    if (isTableList(child)) return [];
    return [{ path: childPath, node: child }];
  });
}

/** The paths of all lists of sections, in the order of the file. */
export const tableLists: readonly (readonly string[])[] = collectTableLists([], outline);

function collectTableLists(path: readonly string[], node: SchemaNode): (readonly string[])[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const childPath = [...path, key];
    return isTableList(child) ? [childPath] : collectTableLists(childPath, child);
  });
}

/** A list of sections: `[[product]]`. */
export function isTableList(node: SchemaNode): boolean {
  return node.type === "array" && node.items?.type === "object";
}
