/** The skeleton of every page: no script is needed, nothing is inline or comes from elsewhere. */
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { sanitise } from "../../platform/text.ts";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export type PageOptions = {
  /** Goes with the script that keeps the page up to date; who has none loads it anew by itself. */
  readonly isLive?: boolean;
};

export function page(title: string, content: Html, { isLive = false }: PageOptions = {}): Html {
  const live = html`
    <script src="/assets/app.js" defer></script>
    <noscript><meta http-equiv="refresh" content="30"></noscript>`;
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${untrusted(title)}</title>
    <link rel="stylesheet" href="/assets/style.css">
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">${isLive ? live : ""}
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

/** Longer than any sentence of ours. */
const TEXT_LENGTH_MAXIMUM = 1000;

function untrusted(text: string): string {
  return sanitise(text, TEXT_LENGTH_MAXIMUM);
}

/** Several pieces one after another. */
export function joined(pieces: readonly Html[]): Html {
  return pieces.length === 0 ? raw("") : html`${pieces}`;
}

export const nothing: Html = raw("");

const GROUPED = new Intl.NumberFormat("en-US");

/** 1,000,000. */
export function figure(value: number): string {
  return GROUPED.format(value);
}
