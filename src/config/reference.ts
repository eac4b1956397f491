/** The configuration reference, written from the schema: Markdown, a table for each section. */
import { isTableList, outline, type SchemaNode } from "./outline.ts";
import { variableName } from "./overrides.ts";

const HEAD = `# Configuration

One TOML file holds it, and no key has to be in it: \`muster init\` writes it with every key
explained. \`muster check\` says everything that is wrong with it, \`muster check --explain\` where each
value came from. Flags (\`--set dns.ttl=60\`) win over environment variables (\`MUSTER_DNS_TTL=60\`),
those over the file. Relative paths start at the file's folder.`;

export function renderReference(): string {
  const sections = Object.entries(outline.properties ?? {}).map(([name, node]) =>
    isTableList(node) ? renderList([name], node) : renderSection([name], node),
  );
  return `${[HEAD, ...sections].join("\n\n")}\n`;
}

/** Sections within it follow. */
function renderSection(path: readonly string[], node: SchemaNode): string {
  const entries = Object.entries(node.properties ?? {});
  const keys = entries.filter(([, child]) => child.type !== "object" && !isTableList(child));
  const inner = entries.flatMap(([key, child]) => {
    if (isTableList(child)) return [renderList([...path, key], child)];
    return child.type === "object" ? [renderSection([...path, key], child)] : [];
  });
  const head = `## [${path.join(".")}]\n\n${node.description ?? ""}`;
  const table = keys.length === 0 ? [] : [keyTable(keys, (key) => variableName([...path, key]))];
  return [head, ...table, ...inner].join("\n\n");
}

/** A section that may be repeated has no variables. */
function renderList(path: readonly string[], { description = "", items = {} }: SchemaNode): string {
  const keys = Object.entries(items.properties ?? {});
  return `## [[${path.join(".")}]]\n\n${description}\n\n${keyTable(keys, () => undefined)}`;
}

function keyTable(
  keys: readonly (readonly [string, SchemaNode])[],
  variable: (key: string) => string | undefined,
): string {
  const rows = keys.map(([key, node]) => {
    const name = variable(key);
    const named = name === undefined ? `\`${key}\`` : `\`${key}\`, \`${name}\``;
    return `| ${named} | ${defaultWords(node)} | ${node.description ?? ""} ${valueWords(node)} |`;
  });
  return ["| key | without it | meaning |", "|---|---|---|", ...rows].join("\n");
}

function defaultWords(node: SchemaNode): string {
  return node.default === undefined ? "" : `\`${JSON.stringify(node.default)}\``;
}

function valueWords({ enum: choices, minimum, maximum, type, example }: SchemaNode): string {
  if (choices !== undefined) return `(${choices.map((choice) => `\`"${choice}"\``).join(", ")})`;
  if (type === "integer") return `(${minimum} to ${maximum})`;
  return example === undefined ? "" : `(for example \`${JSON.stringify(example)}\`)`;
}
