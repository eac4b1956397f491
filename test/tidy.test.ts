/**
 * The tree's own rules, as a test: which part may know which, what the pure parts may not touch,
 * how long things may be. Styles of writing are biome's, unused exports knip's.
 */
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { blankOut, linesWith, listImports } from "./support/source-scan.ts";

const ROOT = join(import.meta.dir, "..");

/** About 450. */
const FILE_LINES_MAXIMUM = 460;
const TEST_FILE_LINES_MAXIMUM = 900;
const COLUMNS_MAXIMUM = 100;

/** From what knows nothing to what knows all. A part may import from those before it. */
const LAYERS: readonly (readonly string[])[] = [
  ["platform"],
  ["rpc"],
  ["protocol"],
  ["activation"],
  ["analysis"],
  ["store"],
  ["authority"],
  ["host"],
  ["dns", "http", "client", "fleet", "relay", "monitor"],
  ["control"],
  ["config"],
  ["appliance-dns.ts"],
  ["manual"],
  ["cli", "appliance.ts"],
  ["main.ts"],
];

/** What may be imported although it is later, or a neighbour. */
const EXCEPTIONS: readonly (readonly [from: string, to: string])[] = [
  // Names and numbers that every part shares.
  ["*", "src/protocol/types.ts"],
  ["*", "src/protocol/hresult.ts"],
  ["*", "src/protocol/guid.ts"],
  // Clients and the relay find their hosts by DNS; many clients are clients.
  ["client", "src/dns/"],
  ["relay", "src/dns/"],
  ["relay", "src/client/host-address.ts"],
  ["fleet", "src/client/"],
  ["fleet", "src/dns/"],
  ["cli", "src/appliance.ts"],
];

const PURE_PARTS = ["activation", "analysis", "protocol", "rpc", "dns"];

/** The files of pure parts that touch the world: all of them, and none that does not. */
const SHELLS: ReadonlySet<string> = new Set([
  "src/dns/discovery.ts",
  "src/dns/exchange.ts",
  "src/dns/resolver.ts",
  "src/dns/server-tcp.ts",
  "src/dns/server-udp.ts",
  "src/rpc/caller.ts",
  "src/rpc/listener.ts",
  "src/rpc/served-socket.ts",
]);

const PURE_MODULES: ReadonlySet<string> = new Set(["node:path", "node:util", "node:buffer"]);
const IMPURE_CODE =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|crypto\.(getRandomValues|randomUUID)|set(Timeout|Interval|Immediate)\(|process\.|Bun\.|fetch\()/;

function isImpureModule(specifier: string): boolean {
  return /^(bun$|bun:|node:)/.test(specifier) && !PURE_MODULES.has(specifier);
}

/** Tracked files; outside a repository, all but what is installed and built. */
function projectFiles(): readonly string[] {
  const { status, stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" });
  const paths =
    status === 0 ? stdout.split("\0") : readdirSync(ROOT, { recursive: true }).map(String);
  return paths.filter((path) => {
    const file = join(ROOT, path);
    return (
      !/^(node_modules|dist|\.git)(\/|$)/.test(path) &&
      statSync(file, { throwIfNoEntry: false })?.isFile() === true
    );
  });
}

const files = projectFiles();
const sources = files.filter((path) => path.startsWith("src/") && path.endsWith(".ts"));
const code = files.filter((path) => /\.(ts|mjs)$/.test(path));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

function layerOf(part: string): number {
  return LAYERS.findIndex((parts) => parts.includes(part));
}

const partOf = (path: string): string => path.split("/")[1] ?? "";

/** Whether `from` may import `to`, both paths from the root. */
function mayImport(from: string, to: string): boolean {
  const [importer, imported] = [partOf(from), partOf(to)];
  if (importer === imported || layerOf(imported) < layerOf(importer)) return true;
  return EXCEPTIONS.some(
    ([part, path]) => (part === "*" || part === importer) && to.startsWith(path),
  );
}

function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? normalize(join(dirname(from), specifier)) : undefined;
}

type SourceImport = { readonly from: string; readonly line: number; readonly specifier: string };

const imports: readonly SourceImport[] = sources.flatMap((from) =>
  listImports(read(from)).map(({ specifier, line }) => ({ from, line, specifier })),
);

describe("parts", () => {
  test("there are some", () => expect(sources.length).toBeGreaterThan(100));

  test("every folder of src has its place in the layers", () => {
    const parts = new Set(sources.map(partOf));
    expect([...parts].filter((part) => layerOf(part) === -1)).toEqual([]);
  });

  test("no part imports a later one", () => {
    const wrong = imports.filter(({ from, specifier }) => {
      const to = resolveImport(from, specifier);
      return to?.startsWith("src/") === true && !mayImport(from, to);
    });
    expect(wrong.map(({ from, line, specifier }) => `${from}:${line} ${specifier}`)).toEqual([]);
  });

  test("nothing in src reaches out of it but for migrations and texts to read", () => {
    const wrong = imports.filter(({ from, specifier }) => {
      const to = resolveImport(from, specifier);
      return to !== undefined && !/^(src\/|migrations\/|docs\/|README\.md$)/.test(to);
    });
    expect(wrong).toEqual([]);
  });

  test("every source is part of the executable", () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { from, specifier } of imports) {
        const to = from === path ? resolveImport(from, specifier) : undefined;
        if (to !== undefined) visit(to);
      }
    };
    for (const path of sources) {
      if (path === "src/main.ts" || path.endsWith("-thread.ts")) visit(path);
    }
    expect(sources.filter((path) => !reached.has(path) && !path.endsWith(".d.ts"))).toEqual([]);
  });
});

describe("pure parts", () => {
  const impure = (path: string): readonly string[] => [
    ...imports
      .filter(({ from, specifier }) => from === path && isImpureModule(specifier))
      .map(({ line, specifier }) => `${path}:${line} ${specifier}`),
    ...linesWith(read(path), IMPURE_CODE).map((line) => `${path}:${line}`),
  ];
  const pure = sources.filter((path) => PURE_PARTS.includes(partOf(path)));

  test("know no socket, no file, no clock and no chance outside their shells", () => {
    expect(pure.filter((path) => !SHELLS.has(path)).flatMap(impure)).toEqual([]);
  });

  test("have no shell that is pure", () => {
    expect([...SHELLS].filter((path) => !pure.includes(path) || impure(path).length === 0)).toEqual(
      [],
    );
  });
});

describe("sizes", () => {
  test("files", () => {
    const long = code.filter((path) => {
      const maximum = path.startsWith("test/") ? TEST_FILE_LINES_MAXIMUM : FILE_LINES_MAXIMUM;
      return read(path).split("\n").length > maximum + 1;
    });
    expect(long).toEqual([]);
  });

  test("lines, but for those that a text makes long", () => {
    const long = code.flatMap((path) => longLines(read(path)).map((line) => `${path}:${line}`));
    expect(long).toEqual([]);
  });
});

/**
 * The formatter breaks code; what it cannot break are comments, and texts that had better stay
 * whole.
 */
function longLines(source: string): readonly number[] {
  return source.split("\n").flatMap((line, index) => {
    if ([...line].length <= COLUMNS_MAXIMUM) return [];
    const isComment = /^\s*(\/\/|\/?\*)/.test(line);
    const isExpression = /^\s*\/[^/*]/.test(line);
    return isComment || !(isExpression || /["'`]/.test(line)) ? [index + 1] : [];
  });
}

describe("words", () => {
  const text = files.filter((path) => !/\.(bin|pcap|png|ico|woff2)$/.test(path));
  const self = "test/tidy.test.ts";
  const mentions = (pattern: RegExp): readonly string[] =>
    text
      .filter((path) => path !== self)
      .flatMap((path) =>
        read(path)
          .split("\n")
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
      );

  test("nothing is left to do", () => {
    expect(mentions(/\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  test("no folder of the machine it was written on, no package registry", () => {
    expect(mentions(/(^|[\s"'`=(])\/(work|root|home)\//)).toEqual([]);
    expect(mentions(/https?:\/\/[\w.-]*(registry|npmjs|artifact|nexus|mirror)[\w.-]*/i)).toEqual(
      [],
    );
  });
});

describe("the scanner finds what it is for", () => {
  const bad = [
    'import type { A } from "../cli/a.ts";',
    "import {",
    "  b,",
    '} from "node:fs";',
    '// import "in-a-comment";',
    'const text = "Date.now()"; /* Math.random() */',
    'const regex = /[/"]Date.now()/; const half = 4 / 2; const now = Date.now();',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the sample
    "const template = `Date.now() ${Math.random() + `${{ a: 1 }.a}`} Date.now()`;",
    'export { c } from "./c.ts";',
    'export const d = await import("./d.ts");',
    'new Worker(new URL("./e-thread.ts", import.meta.url));',
    "/* open comment",
    "Date.now()",
  ].join("\n");

  test("imports of every kind, with their lines", () => {
    expect(listImports(bad).map(({ specifier, line }) => `${line} ${specifier}`)).toEqual([
      "1 ../cli/a.ts",
      "2 node:fs",
      "9 ./c.ts",
      "10 ./d.ts",
      "11 ./e-thread.ts",
    ]);
  });

  test("code, and neither texts nor comments", () => {
    expect(linesWith(bad, /Date\.now/)).toEqual([7]);
    expect(linesWith(bad, /Math\.random/)).toEqual([8]);
    expect(blankOut(bad, { texts: true }).split("\n")).toHaveLength(bad.split("\n").length);
  });

  test("upward imports and lines that are too long", () => {
    expect(mayImport("src/rpc/a.ts", "src/activation/decide.ts")).toBe(false);
    expect(mayImport("src/dns/a.ts", "src/http/app.ts")).toBe(false);
    expect(mayImport("src/activation/a.ts", "src/platform/result.ts")).toBe(true);
    expect(mayImport("src/rpc/a.ts", "src/protocol/types.ts")).toBe(true);
    const long = "x".repeat(COLUMNS_MAXIMUM);
    expect(longLines(`// ${long}\nconst ${long} = 1;\nconst text =\n  "${long}";`)).toEqual([1, 2]);
  });
});
