import { html } from "hono/html";
import { revalidated } from "../entity-tag.ts";
import type { HttpContext } from "../environment.ts";
import { preferredMediaType } from "../negotiate.ts";
import { joined, page } from "../page/page.ts";
import {
  isProblemSlug,
  PROBLEMS,
  type ProblemDefinition,
  problemResponse,
  problemType,
} from "../problems.ts";
import { htmlResponse, jsonResponse, textResponse } from "../responses.ts";
import type { Route } from "../routing.ts";

const OFFERED = ["application/json", "text/html", "text/plain"] as const;

/** `GET /problems` and `GET /problems/:type`: what our errors mean (RFC 9457 section 4). */
export function problemRoutes(): readonly Route[] {
  const all = Object.entries(PROBLEMS);
  return [
    { path: "/problems", methods: { GET: [...revalidated, (context) => show(context, all)] } },
    {
      path: "/problems/:type",
      methods: {
        GET: [
          ...revalidated,
          (context) => {
            const slug = context.req.param("type") ?? "";
            if (isProblemSlug(slug)) return show(context, [[slug, PROBLEMS[slug]]]);
            return problemResponse("not-found", { detail: "No problem has this type." });
          },
        ],
      },
    },
  ];
}

type Entry = readonly [slug: string, definition: ProblemDefinition];

async function show({ req }: HttpContext, entries: readonly Entry[]): Promise<Response> {
  const response = await render(preferredMediaType(req.header("accept"), OFFERED), entries);
  response.headers.set("vary", "Accept");
  return response;
}

function render(type: (typeof OFFERED)[number], entries: readonly Entry[]) {
  switch (type) {
    case "application/json": {
      const views = entries.map(([slug, definition]) => ({
        type: `/problems/${slug}`,
        ...definition,
      }));
      return jsonResponse(views.length === 1 ? views[0] : views);
    }
    case "text/html":
      return htmlResponse(problemPage(entries));
    case "text/plain":
      return textResponse(
        entries.flatMap(([slug, { status, title, explanation }]) => [
          `/problems/${slug} (${status}): ${title}`,
          `  ${explanation}`,
        ]),
      );
  }
}

function problemPage(entries: readonly Entry[]) {
  const sections = entries.map(
    ([slug, { status, title, explanation }]) => html`<section>
        <h2>${title}</h2>
        <p>${explanation}</p>
        <p>Type <code>${isProblemSlug(slug) ? problemType(slug) : slug}</code>, status ${status}</p>
      </section>`,
  );
  const content = html`    <header><h1>Errors of this service</h1></header>
    <main>${joined(sections)}</main>
    <footer><p><a href="/problems">All errors</a>, <a href="/">status</a></p></footer>`;
  return page("Errors", content);
}
