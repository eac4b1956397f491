import type { Hono } from "hono";
import { html, raw } from "hono/html";
import { StaticContent } from "../compression.ts";
import type { HttpEnvironment } from "../environment.ts";
import { type ApiDocument, apiPage } from "../page/api-page.ts";
import { type Html, joined, page } from "../page/page.ts";
import type { Route } from "../routing.ts";
import { openApiDocument } from "./open-api.ts";

/** A text of ours to read, in Markdown. */
export type Documentation = {
  readonly slug: string;
  readonly title: string;
  readonly markdown: string;
};

const HTML_MEDIA_TYPE = "text/html; charset=utf-8";

/** `GET /docs`: the manual and the API, readable where nothing can be looked up. */
export function docsRoutes(
  app: Hono<HttpEnvironment>,
  documents: readonly Documentation[],
): readonly Route[] {
  const api = async () => String(await apiPage((await openApiDocument(app)) as ApiDocument));
  return [
    staticPage("/docs", async () => String(await indexPage(documents))),
    staticPage("/docs/api", api),
    ...documents.map((document) =>
      staticPage(`/docs/${document.slug}`, async () => String(await markdownPage(document))),
    ),
  ];
}

function staticPage(path: string, make: () => Promise<string>): Route {
  return { path, methods: { GET: [new StaticContent(HTML_MEDIA_TYPE, make).respond] } };
}

function indexPage(documents: readonly Documentation[]): Html {
  const items = documents.map(
    ({ slug, title }) => html`<li><a href="/docs/${slug}">${title}</a></li>
          `,
  );
  const content = html`    <header><h1>Documentation</h1></header>
    <main><section class="full" aria-label="Contents"><ul>
          ${joined(items)}<li><a href="/docs/api">HTTP API</a>
            (<a href="/openapi.json">OpenAPI 3.1</a>)</li>
          <li><a href="/problems">Errors of the HTTP API</a></li>
        </ul></section></main>
    <footer><p><a href="/">Status</a></p></footer>`;
  return page("Documentation", content);
}

/** The Markdown is our own: nothing in it is untrusted. */
function markdownPage({ title, markdown }: Documentation): Html {
  const content = html`    <main><section class="full prose" aria-label="${title}">
${raw(scrollable(Bun.markdown.html(markdown, { headings: { ids: true } })))}
    </section></main>
    <footer><p><a href="/docs">Documentation</a>, <a href="/">status</a></p></footer>`;
  return page(title, content);
}

/** Wide tables and code move within their own frame, by keyboard too. */
function scrollable(content: string): string {
  return content
    .replaceAll(
      "<table>",
      '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>',
    )
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
}
