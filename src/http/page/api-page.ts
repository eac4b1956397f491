/** The OpenAPI document as a page to read. */
import { html } from "hono/html";
import { type Html, joined, page } from "./page.ts";
import { table } from "./section.ts";

/** Of the OpenAPI 3.1 document, what the page shows. */
export type ApiDocument = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

type Operation = {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, ApiResponse>>;
  readonly security?: readonly unknown[];
};
type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly description: string;
  readonly schema: Schema;
};
type ApiResponse = {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
};
type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
};

export function apiPage(document: ApiDocument): Html {
  const { info, tags, components } = document;
  const content = html`    <header>
      <h1>HTTP API of ${info.title}, version ${info.version}</h1>
      <p>${info.description}</p>
      <p>The same as <a href="/openapi.json">OpenAPI 3.1</a>; <a href="/problems">errors</a>,
      <a href="/docs">documentation</a>.</p>
    </header>
    <main>
      ${joined(tags.map((tag) => tagSection(tag, document)))}
      <section class="full" aria-labelledby="schemas">
        <h2 id="schemas">Schemas</h2>
        ${joined(Object.entries(components.schemas).map(schemaPart))}
      </section>
    </main>`;
  return page("HTTP API", content);
}

function tagSection(tag: ApiDocument["tags"][number], { paths }: ApiDocument): Html {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag.name))
      .map(([method, operation]) => operationPart(`${method.toUpperCase()} ${path}`, operation)),
  );
  return html`<section class="full" aria-labelledby="tag-${tag.name}">
        <h2 id="tag-${tag.name}">${tag.description}</h2>
        ${joined(operations)}
      </section>`;
}

function operationPart(name: string, operation: Operation): Html {
  const { summary, parameters = [], responses, security } = operation;
  const access = security === undefined ? "" : html` <em>From other machines with the token.</em>`;
  const parameterRows = parameters.map(({ name: parameter, in: place, description, schema }) => [
    html`<code>${parameter}</code>${place === "path" ? " (in the path)" : ""}`,
    typeWords(schema),
    html`${description}`,
  ]);
  const responseRows = Object.entries(responses).map(([status, { description, content = {} }]) => [
    html`${status}`,
    html`${description}`,
    joined(
      Object.entries(content).map(([mediaType, { schema }], index) => {
        const words = mediaType === "application/json" ? html`: ${typeWords(schema)}` : "";
        return html`${index === 0 ? "" : html`<br>`}<code>${mediaType}</code>${words}`;
      }),
    ),
  ]);
  return html`<h3><code>${name}</code></h3>
        <p>${summary}.${access}</p>
        ${
          parameterRows.length === 0
            ? ""
            : table(
                `Parameters of ${name}`,
                [{ title: "Parameter" }, { title: "Type" }, { title: "Meaning" }],
                parameterRows,
              )
        }
        ${table(
          `Answers of ${name}`,
          [{ title: "Status" }, { title: "Meaning" }, { title: "Content" }],
          responseRows,
        )}`;
}

function schemaPart([name, schema]: readonly [string, Schema]): Html {
  const rows = Object.entries(schema.properties ?? {}).map(([property, value]) => [
    html`<code>${property}</code>`,
    typeWords(value),
    html`${value.description ?? ""}`,
  ]);
  return html`<h3 id="schema-${name}">${name}</h3>
        <p>${schema.description ?? ""}</p>
        ${table(
          `Fields of ${name}`,
          [{ title: "Field" }, { title: "Type" }, { title: "Meaning" }],
          rows,
        )}`;
}

/** `list of Client`, `text (uuid) or null`, `1 to 1000, without it 100`. */
function typeWords(schema: Schema): Html {
  const { $ref, anyOf, enum: choices, items, properties, type, format } = schema;
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf("/") + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (anyOf !== undefined) {
    return joined(anyOf.map((one, index) => html`${index === 0 ? "" : " or "}${typeWords(one)}`));
  }
  if (choices !== undefined) {
    return joined(
      choices.map((choice, index) => html`${index === 0 ? "" : ", "}<code>${choice}</code>`),
    );
  }
  if (items !== undefined) return html`list of ${typeWords(items)}`;
  if (properties !== undefined) return objectWords(properties);
  const { additionalProperties } = schema;
  if (typeof additionalProperties === "object") {
    return html`object of ${typeWords(additionalProperties)}`;
  }
  const form = format === undefined ? "" : ` (${format})`;
  return html`${TYPE_WORDS[type ?? ""] ?? type}${form}${boundWords(schema)}`;
}

function objectWords(properties: Readonly<Record<string, Schema>>): Html {
  const fields = Object.entries(properties).map(
    ([name, schema]) => html`<li><code>${name}</code>: ${typeWords(schema)}</li>`,
  );
  return html`<ul>${joined(fields)}</ul>`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "true or false",
  null: "null",
};

function boundWords({ minimum, maximum, default: absent }: Schema): string {
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < 1e9;
  const bounds = isBounded ? `, ${minimum} to ${maximum}` : "";
  return absent === undefined ? bounds : `${bounds}, without it ${String(absent)}`;
}
