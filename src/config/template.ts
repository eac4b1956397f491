/** Writes the commented configuration file from the schema: `appliance.toml` is its output. */
import { isTableList, outline, type SchemaNode } from "./outline.ts";

/** Columns of a comment, with its `# `. */
const WIDTH = 100;

const HEAD = `\
Configuration of muster.
Every key is shown with what holds without it: take the # away to change it.
Flags win over environment variables (MUSTER_RPC_LISTEN), those over this file.
\`muster check\` reads this file and says everything that is wrong with it.`;

export function renderTemplate(): string {
  const sections = Object.entries(outline.properties ?? {}).map(([name, node]) =>
    isTableList(node) ? renderTableList(name, node.items ?? {}) : renderSection(name, node),
  );
  return `${[comment(HEAD), ...sections].join("\n\n")}\n`;
}

/** A section is live, its keys are not; sections within it follow. */
function renderSection(name: string, node: SchemaNode): string {
  const properties = Object.entries(node.properties ?? {});
  const keys = properties
    .filter(([, child]) => child.type !== "object" && !isTableList(child))
    .map(([key, child]) => renderKey(key, child));
  const inner = properties.flatMap(([key, child]) => {
    if (isTableList(child)) return [renderTableList(`${name}.${key}`, child.items ?? {})];
    return child.type === "object" ? [renderSection(`${name}.${key}`, child)] : [];
  });
  const head = `${comment(node.description ?? "")}\n[${name}]`;
  return [[head, ...keys].join("\n\n"), ...inner].join("\n\n");
}

/** Nothing of a repeated section holds without it: it is all commented out. */
function renderTableList(name: string, node: SchemaNode): string {
  const required = new Set(node.required);
  const keys = Object.entries(node.properties ?? {}).map(([key, child]) =>
    renderKey(key, child, required.has(key) ? "required" : undefined),
  );
  return [`${comment(node.description ?? "")}\n#[[${name}]]`, ...keys].join("\n\n");
}

function renderKey(key: string, node: SchemaNode, note?: string): string {
  const presence = note ?? (node.default === undefined ? "an example" : undefined);
  const remarks = [presence, allowedValues(node)].filter((part) => part !== undefined);
  const remark = remarks.length === 0 ? "" : ` (${remarks.join("; ")})`;
  const value = tomlValue(node.default ?? node.example);
  return `${comment(`${node.description ?? ""}${remark}`)}\n#${key} = ${value}`;
}

function allowedValues(node: SchemaNode): string | undefined {
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (node.type === "boolean") return "true | false";
  if (node.type === "integer") return `${node.minimum} to ${node.maximum}`;
  return undefined;
}

/** Of the kinds the schema has; JSON's text escapes are TOML's (TOML 1.0, Basic strings). */
function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  return JSON.stringify(value);
}

/** Words wrapped at {@link WIDTH}, each line behind `# `; line breaks in the text stay. */
function comment(text: string): string {
  return text.split("\n").flatMap(wrap).join("\n");
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
