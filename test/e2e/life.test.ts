/** Start, drain and end, as a service manager and scripts see them. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { encodeRequest } from "../../src/protocol/request.ts";
import { type Answer, callActivate, connect, newRequest } from "../support/callers.ts";
import {
  executable,
  type RunningAppliance,
  runExecutable,
  startExecutable,
} from "../support/executable.ts";
import { scratchDirectory } from "../support/scratch.ts";
import {
  configurationText,
  get,
  getStatus,
  only,
  readDatabase,
  waitFor,
} from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

const configuration = configurationText();

describe("the ready file", () => {
  test("holds every listener and the process, and nothing else", async () => {
    const appliance = await startExecutable({ configuration });
    const path = join(appliance.directory, "ready.json");
    const { rpc, dns, http } = appliance.listening;
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      rpc: rpc.map(formatEndpoint),
      dns: dns.map(formatEndpoint),
      http: http.map(formatEndpoint),
      pid: appliance.processId,
    });
    // The process is the appliance itself: a signal to it ends it.
    process.kill(appliance.processId, "SIGTERM");
    expect(await appliance.ended).toBe(0);
    expect(existsSync(path)).toBe(false);
    await appliance.stop();
  });

  test("of a process that was killed is gone before another one starts", async () => {
    const directory = scratchDirectory("ready-stale");
    const ready = join(directory, "ready.json");
    writeFileSync(ready, '{"rpc":["127.0.0.1:1"],"dns":[],"http":[],"pid":1}\n');
    writeFileSync(join(directory, "appliance.toml"), "[rpc]\nlisten = 1\n");
    const flags = ["serve", "--config", "appliance.toml", "--ready-file", ready];
    expect(runExecutable(flags, { directory }).exitCode).toBe(3);
    expect(existsSync(ready)).toBe(false);
  });
});

/** Keeps the database from being written, as a slow medium would; calls stay under way. */
function holdStore({ directory }: RunningAppliance): () => void {
  const database = new Database(join(directory, "data", "muster.db"));
  // The appliance writes now and then without being asked.
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN IMMEDIATE");
  return () => {
    database.run("ROLLBACK");
    database.close();
  };
}

type Call = {
  /** Resolves once the host has it. */
  readonly underWay: Promise<true>;
  readonly answer: Promise<Answer | Error>;
};

function beginCall(appliance: RunningAppliance): Call {
  const request = encodeRequest(newRequest({ machineName: "LAST" }));
  const answer = connect(only(appliance.listening.rpc))
    .then((caller) => callActivate(caller, request))
    .catch((error: Error) => error);
  const underWay = waitFor("the call", async () => {
    const metrics = await (await get(appliance, "/metrics")).text();
    return /^muster_rpc_calls_in_flight 1$/m.test(metrics) || undefined;
  });
  return { underWay, answer };
}

describe("SIGTERM", () => {
  test("lets a call under way have its reply, which is stored", async () => {
    const directory = scratchDirectory("drain");
    const appliance = await startExecutable({ directory, configuration });
    const release = holdStore(appliance);
    const pending = beginCall(appliance);
    await pending.underWay;
    appliance.signal("SIGTERM");
    // It goes on draining, and takes no new clients meanwhile.
    await waitFor("the listener's end", () =>
      connect(only(appliance.listening.rpc)).then(
        (caller) => void caller.close(),
        () => true as const,
      ),
    );
    release();
    expect(await pending.answer).toEqual({ hresult: 0, count: 1 });
    expect(await appliance.ended).toBe(0);
    const names = readDatabase(directory, (database) =>
      database.query("SELECT machine_name FROM event WHERE code = 12290").values().flat(),
    );
    expect(names).toEqual(["LAST"]);
  });

  test("twice ends at once, with the signal's exit code", async () => {
    const appliance = await startExecutable({ configuration });
    const release = holdStore(appliance);
    const pending = beginCall(appliance);
    await pending.underWay;
    appliance.signal("SIGTERM");
    await waitFor("the first signal", () => appliance.stderr().includes("stopping") || undefined);
    appliance.signal("SIGTERM");
    expect(await appliance.ended).toBe(143);
    expect(await pending.answer).toBeInstanceOf(Error);
    release();
    await appliance.stop();
  });
});

describe("what is taken already", () => {
  let holder: RunningAppliance;
  beforeAll(async () => {
    holder = await startExecutable({ configuration });
  });
  afterAll(() => holder.stop());

  const serve = (text: string) => {
    const directory = scratchDirectory("taken");
    writeFileSync(join(directory, "appliance.toml"), text);
    return runExecutable(["serve", "--config", "appliance.toml"], { directory });
  };

  for (const part of ["rpc", "dns", "http"] as const) {
    test(`the port of ${part}: ends with 4 and names who holds it`, () => {
      const taken = formatEndpoint(only(holder.listening[part]));
      const section = { listen: [taken], ...(part === "dns" ? { zones: ["lab.test"] } : {}) };
      const { exitCode, stdout, stderr } = serve(configurationText({ [part]: section }));
      expect([exitCode, stdout]).toEqual([4, ""]);
      expect(stderr).toContain(`${part}: cannot listen on ${taken}: the port is in use by muster`);
      expect(stderr).toContain(`(process ${holder.processId})`);
    });
  }

  test("the database: ends with 1 and says so, and the holder goes on", async () => {
    const text = configurationText({
      appliance: { name: "box", data_directory: join(holder.directory, "data") },
    });
    const { exitCode, stderr } = serve(text);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("another process has the database open for writing");
    expect(await getStatus(holder)).toMatchObject({ store: { state: "ok" } });
  });
});

describe("mistakes of the file end with 3 and stand where they are", () => {
  for (const [title, text, place] of [
    ["a value", '[appliance]\nname = "box"\n[dns]\nttl = 0\n', "4:1: dns.ttl"],
    ["a key", "[rpc]\n\n  lisen = []\n", "3:3: rpc.lisen"],
    ["an address", '[http]\nlisten = ["127.0.0.1:99999"]\n', "2:11: http.listen[0]"],
    ["the syntax", "[rpc]\nlisten = [\n", "3:1"],
    ["a product", '[[product]]\nname = "a"\n', "1:3: product[0].application_id"],
  ] as const) {
    test(title, () => {
      const directory = scratchDirectory("mistakes");
      writeFileSync(join(directory, "appliance.toml"), text);
      const found = runExecutable(["serve", "--config", "appliance.toml"], { directory });
      expect([found.exitCode, found.stdout]).toEqual([3, ""]);
      expect(found.stderr).toStartWith(`appliance.toml:${place}`);
      expect(existsSync(join(directory, "muster-data"))).toBe(false);
    });
  }
});
