/** Building blocks of the status page. */
import { html } from "hono/html";
import { type Html, joined } from "./page.ts";

/** A part of the page that is replaced as a whole when it changed. */
export function section(
  {
    id,
    title,
    width = "half",
  }: {
    readonly id: string;
    readonly title: string;
    readonly width?: "half" | "full";
  },
  content: Html,
): Html {
  return html`<section class="${width}" aria-labelledby="${id}-title">
        <h2 id="${id}-title">${title}</h2>
        <div id="${id}" data-live>${content}</div>
      </section>`;
}

export type Column = {
  readonly title: string;
  readonly isNumber?: boolean;
  /** Left out where there is little room. */
  readonly isWide?: boolean;
};

/** The first cell of each row names it. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Html[])[],
): Html {
  const head = columns.map(
    (column) => html`<th scope="col"${classOf(column)}>${column.title}</th>`,
  );
  const body = rows.map(
    (
      cells,
    ) => html`<tr>${joined(cells.map((cell, index) => cellOf(cell, columns[index], index)))}</tr>
          `,
  );
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
          <caption>${caption}</caption>
          <thead><tr>${joined(head)}</tr></thead>
          <tbody>${joined(body)}</tbody>
        </table></div>`;
}

/** Names and values; the values may be long and without blanks. */
export function pairs(
  caption: string,
  rows: readonly (readonly [string, Html])[],
  kind: "number" | "text" = "text",
): Html {
  const body = rows.map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td class="${kind}">${value}</td></tr>
          `,
  );
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
          <caption>${caption}</caption>
          <tbody>${joined(body)}</tbody>
        </table></div>`;
}

function cellOf(cell: Html, column: Column | undefined, index: number): Html {
  const classes = classOf(column);
  return index === 0
    ? html`<th scope="row"${classes}>${cell}</th>`
    : html`<td${classes}>${cell}</td>`;
}

function classOf(column: Column | undefined): Html | string {
  const names = [column?.isNumber === true ? "number" : "", column?.isWide === true ? "wide" : ""];
  const list = names.filter((name) => name !== "").join(" ");
  return list === "" ? "" : html` class="${list}"`;
}
