/** Just enough reading of TypeScript to hold rules over it: imports, and code without its texts. */

export type Import = {
  readonly specifier: string;
  /** One-based. */
  readonly line: number;
};

/**
 * Every module that a source names: import and export from, side effects, `import()`, types too.
 * Statements begin at the start of a line, as the formatter puts them.
 */
export function listImports(source: string): readonly Import[] {
  const form =
    /^(?:import|export)\b(?:[^;"]*?\bfrom)?\s*"([^"\n]+)"|\bimport\(\s*"([^"\n]+)"\s*[,)]|\bnew URL\(\s*"(\.[^"\n]+)"/gm;
  // Comments away, texts kept: the specifiers are texts.
  const code = blankOut(source, { texts: false });
  return [...code.matchAll(form)].map((match) => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? "",
    line: lineOf(code, match.index),
  }));
}

/** Lines (one-based) of code, outside comments and texts, that match. */
export function linesWith(source: string, pattern: RegExp): readonly number[] {
  return blankOut(source, { texts: true })
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** A slash after one of these begins a regular expression, after anything else it divides. */
const BEFORE_EXPRESSION =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|=>|\b(?:return|typeof|case|in|of|yield|await))\s*$/;

/**
 * Replaces comments and regular expressions, and texts where asked, by blanks; line breaks stay,
 * and so do the expressions within template texts.
 */
export function blankOut(source: string, { texts }: { readonly texts: boolean }): string {
  let result = "";
  let position = 0;
  /** Of each template text that an expression interrupts: open braces within that expression. */
  const templates: number[] = [];
  const take = (end: number, blank: boolean): void => {
    const part = source.slice(position, end);
    result += blank ? part.replaceAll(/[^\n]/g, " ") : part;
    position = end;
  };
  while (position < source.length) {
    const character = source[position] ?? "";
    const depth = templates.at(-1);
    if (source.startsWith("//", position)) {
      take(endOr(source.indexOf("\n", position), source), true);
    } else if (source.startsWith("/*", position)) {
      take(endOr(source.indexOf("*/", position) + 2, source, 2), true);
    } else if (character === '"' || character === "'") {
      take(endOfText(source, position + 1, character), texts);
    } else if (character === "`" || (character === "}" && depth === 0)) {
      if (character === "}") templates.pop();
      const end = endOfTemplate(source, position + 1);
      if (source.startsWith("${", end - 2)) templates.push(0);
      take(end, texts);
    } else if (character === "/" && BEFORE_EXPRESSION.test(result.slice(-40))) {
      take(endOfExpression(source, position + 1), true);
    } else {
      const last = templates.length - 1;
      if (depth !== undefined && character === "{") templates[last] = depth + 1;
      if (depth !== undefined && character === "}") templates[last] = depth - 1;
      take(position + 1, false);
    }
  }
  return result;
}

function endOr(end: number, source: string, offset = 0): number {
  return end < offset || end === -1 ? source.length : end;
}

/** Behind the closing quote. */
function endOfText(source: string, start: number, quote: string): number {
  for (let position = start; position < source.length; position += 1) {
    if (source[position] === "\\") position += 1;
    else if (source[position] === quote) return position + 1;
  }
  return source.length;
}

/** Behind the closing backtick, or behind the `${` that interrupts the text. */
function endOfTemplate(source: string, start: number): number {
  for (let position = start; position < source.length; position += 1) {
    if (source[position] === "\\") position += 1;
    else if (source[position] === "`") return position + 1;
    else if (source.startsWith("${", position)) return position + 2;
  }
  return source.length;
}

/** Behind the closing slash and its flags; slashes within classes do not close. */
function endOfExpression(source: string, start: number): number {
  let inClass = false;
  for (let position = start; position < source.length; position += 1) {
    const character = source[position];
    if (character === "\\") position += 1;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "\n") return position;
    else if (character === "/" && !inClass) {
      return (
        position + 1 + (/^[a-z]*/.exec(source.slice(position + 1, position + 9))?.[0].length ?? 0)
      );
    }
  }
  return source.length;
}
