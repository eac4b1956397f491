// npm test: every check and every test, and one line of figures at the end.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { findBun, install, root, run } from "./tools.mjs";

const report = join(root, "dist", "test-report.xml");
/** Far beyond what all tests take: a test that hangs must not hang whoever waits for the result. */
const TESTS_MILLISECONDS_MAXIMUM = 20 * 60_000;

const figures = { passed: 0, failed: 0, skipped: 0 };

/** A check counts as one. */
async function step(name, action) {
  console.log(`\n== ${name}`);
  try {
    if (await action()) {
      figures.passed += 1;
      return true;
    }
  } catch (error) {
    console.error(error.message);
  }
  console.error(`${name}: failed`);
  figures.failed += 1;
  return false;
}

/** A tool of node_modules that is a script of Node. */
async function tool(path, ...parameters) {
  const code = await run(process.execPath, [join(root, "node_modules", path), ...parameters]);
  return code === 0;
}

async function runTests() {
  rmSync(report, { force: true });
  const parameters = ["test", "--reporter=junit", `--reporter-outfile=${report}`];
  const code = await run(findBun(), [...parameters, ...process.argv.slice(2)], {
    timeout: TESTS_MILLISECONDS_MAXIMUM,
    killSignal: "SIGKILL",
  });
  const counted = readReport();
  figures.passed += counted.tests - counted.failures - counted.skipped;
  figures.skipped += counted.skipped;
  figures.failed += counted.failures;
  // A crash, or an error outside of any test.
  if (code !== 0 && counted.failures === 0) figures.failed += 1;
}

/** The totals of the JUnit report; zeros where Bun did not live to write it. */
function readReport() {
  const head = existsSync(report) ? /<testsuites [^>]*>/.exec(readFileSync(report, "utf8")) : null;
  const total = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head?.[0] ?? "")?.[1] ?? 0);
  return { tests: total("tests"), failures: total("failures"), skipped: total("skipped") };
}

async function main() {
  if (!(await step("install", async () => install()))) return;
  await step("types", () => tool("typescript/bin/tsc", "--noEmit"));
  const page = join("src", "http", "page", "browser");
  await step("types of the page", () => tool("typescript/bin/tsc", "--noEmit", "-p", page));
  await step("style", () => tool("@biomejs/biome/bin/biome", "check"));
  await step("dead code", () => tool("knip/bin/knip.js"));
  await step("build", async () => build() !== "");
  console.log("\n== tests");
  await runTests();
}

try {
  await main();
} catch (error) {
  console.error(error);
  figures.failed += 1;
}
const skipped = figures.skipped === 0 ? "" : `, ${figures.skipped} skipped`;
console.log(`\n${figures.passed} passed, ${figures.failed} failed${skipped}`);
process.exitCode = figures.failed === 0 ? 0 : 1;
