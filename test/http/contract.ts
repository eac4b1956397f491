/** Holds answers of the service to its OpenAPI document. */
import Ajv2020 from "ajv/dist/2020.js";
import type { ApiDocument } from "../../src/http/page/api-page.ts";

export type Asked = { readonly path: string; readonly headers?: Readonly<Record<string, string>> };

/** `GET /api/v1/clients 200 application/json` for each answer that the document describes. */
export function describedAnswers({ paths }: ApiDocument): readonly string[] {
  return Object.entries(paths).flatMap(([path, { get }]) =>
    Object.entries(get?.responses ?? {}).flatMap(([status, { content = {} }]) =>
      Object.keys(content).map((mediaType) => `GET ${path} ${status} ${mediaType}`),
    ),
  );
}

/** What is wrong with an answer by the document; nothing where it fits. */
export function createJudge(document: ApiDocument) {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ ...document, $id: "openapi" }, "openapi");
  return async (path: string, response: Response): Promise<readonly string[]> => {
    const { status } = response;
    const answer = document.paths[path]?.["get"]?.responses[status];
    if (answer === undefined) return [`${path}: ${status} is not described`];
    const mediaType = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
    const content = answer.content?.[mediaType];
    if (content === undefined) return [`${path}: ${status} ${mediaType} is not described`];
    if (!mediaType.endsWith("json") || mediaType.includes("ndjson")) return [];
    const pointer = ["paths", path, "get", "responses", String(status), "content", mediaType]
      .map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const validate = ajv.getSchema(`openapi#/${pointer}/schema`);
    if (validate === undefined) return [`${path}: no schema at ${pointer}`];
    validate(await response.clone().json());
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${path} ${status}: ${instancePath} ${message}`,
    );
  };
}
