/** The skeleton of every page: no script is needed, nothing is inline or comes from elsewhere. */
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { sanitise } from "../../platform/text.ts";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export function page(title: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${untrusted(title)}</title>
    <link rel="stylesheet" href="/assets/style.css">
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
  </head>
  <body>
${content}
  </body>
</html>
`;
}

/**
 * Text that came from outside: control characters and marks that turn the direction of writing are
 * shown as escapes, and whatever direction the rest has stays within. The html helper escapes it.
 */
export function isolated(text: string): Html {
  return html`<bdi>${untrusted(text)}</bdi>`;
}

export function untrusted(text: string): string {
  return sanitise(text);
}

/** Several pieces one after another. */
export function joined(pieces: readonly Html[]): Html {
  return pieces.length === 0 ? raw("") : html`${pieces}`;
}
