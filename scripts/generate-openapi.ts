/** Writes docs/openapi.json from the routes: `bun scripts/generate-openapi.ts`. */
import { join } from "node:path";
import { createHttpApp } from "../src/http/app.ts";
import { openApiDocument } from "../src/http/routes/open-api.ts";

/** Nothing is asked of them: the document says what routes are, not what they answer. */
const sources = { onStored: () => () => {} } as never;
const metrics = { contentType: "text/plain", render: async () => "" };

const document = await openApiDocument(createHttpApp(sources, { metrics }));
const path = join(import.meta.dir, "..", "docs", "openapi.json");
await Bun.write(path, `${JSON.stringify(document, null, 2)}\n`);
