/** Machine names that mean to do something to whoever reads them. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { ask, newRequest } from "../support/callers.ts";
import {
  executable,
  type RunningAppliance,
  runExecutable,
  startExecutable,
} from "../support/executable.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { configurationText, get, getItems, only } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);

/** C0 but line ends and tabs of our own, DEL, C1, marks that turn the direction of writing. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const NAMES: readonly string[] = [
  "\u001b[2J\u001b[31mRED\u0007",
  "\u0000\u0001\u0002\u001f\u007f\u0080\u009b",
  "PC\r\nforged: line\r\n\t",
  "\u202eTXET\u2066",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "=cmd|'/c calc'!A1",
  "@SUM(1)",
  'a,"b",c',
  "%s%n%x {{7*7}} $(id) `id`",
  // 63 octets of a character of four would be cut in its middle: 60.
  "\u{1f4a3}".repeat(15),
];

let appliance: RunningAppliance;
beforeAll(async () => {
  executable();
  appliance = await startExecutable({
    configuration: configurationText({ log: { level: "debug" } }),
  });
  for (const machineName of NAMES) {
    const { hresult } = await ask(only(appliance.listening.rpc), newRequest({ machineName }));
    expect(hresult).toBe(0);
    // A failing one as well: what fails is logged more readily than what does not.
    const activationId = crypto.randomUUID();
    await ask(only(appliance.listening.rpc), newRequest({ machineName, activationId }));
  }
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(async () => {
  expect(await appliance.stop()).toBe(0);
});

const text = async (path: string, accept = "*/*") => {
  const response = await get(appliance, path, { accept });
  expect(response.status).toBe(200);
  return response.text();
};

test("every name is kept as it was sent (EVENT-1)", async () => {
  const names = (await getItems(appliance, "/api/v1/clients?limit=100")).map(
    ({ machineName }) => machineName,
  );
  expect(names.toSorted()).toEqual([...NAMES, ...NAMES].toSorted());
});

describe("no control character reaches a reader", () => {
  for (const [path, accept] of [
    ["/", "text/plain"],
    ["/", "text/html"],
    ["/", "application/json"],
    ["/status", "*/*"],
    ["/status.txt", "*/*"],
    ["/metrics", "*/*"],
    ["/readyz", "*/*"],
    ["/api/v1/clients?limit=100", "application/json"],
    ["/api/v1/clients?limit=100&format=ndjson", "*/*"],
    ["/api/v1/clients?limit=100&format=csv", "*/*"],
    ["/api/v1/events?limit=100", "application/json"],
    ["/api/v1/events?limit=100&format=ndjson", "*/*"],
    ["/api/v1/events?limit=100&format=csv", "*/*"],
  ] as const) {
    test(`${path} as ${accept}`, async () => expect(await text(path, accept)).not.toMatch(CONTROL));
  }

  test("status on a terminal", () => {
    const url = `http://${formatEndpoint(only(appliance.listening.http))}`;
    for (const flags of [[], ["--json"]]) {
      const { exitCode, stdout } = runExecutable(["status", "--url", url, ...flags]);
      expect(exitCode).toBe(0);
      expect(stdout).not.toMatch(CONTROL);
    }
  });

  test("the log", () => expect(appliance.stderr()).not.toMatch(CONTROL));
});

test("a page runs nothing of a name", async () => {
  const page = await text("/", "text/html");
  for (const name of NAMES.slice(4, 6)) expect(page).not.toContain(name);
});

test("a spreadsheet runs nothing of a name, and rows stay rows", async () => {
  for (const listing of ["clients?source=own", "events?code=12290"]) {
    const csv = await text(`/api/v1/${listing}&limit=100&format=csv`);
    expect(csv.trimEnd().split("\r\n")).toHaveLength(1 + 2 * NAMES.length);
    expect(csv).not.toMatch(/(^|,|")[=@]/m);
    expect(csv).toContain(`'=cmd|'/c calc'!A1`);
  }
});

describe("the client's own output", () => {
  const state = join(scratchDirectory("names"), "client.json");
  // An argument cannot hold the character NUL.
  const name = "\u001b[31mRED\u0007\r\n\u009b\u202e";
  const server = () => ["--server", formatEndpoint(only(appliance.listening.rpc))];

  test("activate, for people with its events, and as JSON", () => {
    const rest = ["--name", name, "--state", state, "--verbose"];
    for (const flags of [["--threshold", "1"], ["--threshold", "5000"], ["--json"]]) {
      const command = ["client", "activate", ...server(), ...rest, ...flags];
      const { stdout, stderr } = runExecutable(command);
      expect(stdout + stderr).not.toMatch(CONTROL);
    }
  });

  test("report", () => {
    const { exitCode, stdout, stderr } = runExecutable(["client", "report", "--state", state]);
    expect(exitCode).toBe(0);
    expect(stdout + stderr).not.toMatch(CONTROL);
  });

  test("the state file is one JSON document all the same", () => {
    expect(() => JSON.parse(readFileSync(state, "utf8"))).not.toThrow();
  });
});
