/**
 * Text that came from outside, made fit for a terminal, a log or a spreadsheet.
 * Rule: whatever a remote machine wrote (names, errors) passes through here before a person sees
 * it.
 */

/** How much of an untrusted text is shown where no limit is given. */
const SHOWN_LENGTH = 256;

/**
 * Control characters (C0, DEL, C1), line and paragraph separators, and the marks that turn the
 * direction of writing: they move the cursor, forge lines or make text read differently.
 */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matching them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Shows unsafe characters as `\n`, `\x1b` or `\u202e`, and cuts what is longer than `length`. */
export function sanitise(text: string, length: number = SHOWN_LENGTH): string {
  const cut = text.length > length ? `${text.slice(0, length)}…` : text;
  return cut.replace(UNSAFE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/**
 * Escapes unsafe characters of a JSON text as `\uXXXX`: the text then means the same and shows
 * safely.
 */
export function escapeUnsafe(json: string): string {
  return json.replace(UNSAFE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** What makes a spreadsheet read a cell as a formula, also behind blanks. */
const FORMULA_START = /^[\s]*[=+\-@|]|^[\t\r\n]/;
const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * One CSV cell (RFC 4180): quoted where needed, control characters escaped, and a leading
 * apostrophe where a spreadsheet would run the text as a formula.
 */
export function csvCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const formula = FORMULA_START.test(value) && !PLAIN_NUMBER.test(value);
  const text = sanitise(formula ? `'${value}` : value, Number.POSITIVE_INFINITY);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows of cells as CSV text with CRLF line ends (RFC 4180 section 2). */
export function csvLines(rows: Iterable<readonly Parameters<typeof csvCell>[0][]>): string {
  let text = "";
  for (const row of rows) text += `${row.map(csvCell).join(",")}\r\n`;
  return text;
}
