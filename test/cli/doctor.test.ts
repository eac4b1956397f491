import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ok } from "../../src/platform/result.ts";
import { observationOf, type SeenAnswer, seeRequest } from "../../src/relay/observation.ts";
import { openStore } from "../../src/store/store.ts";
import { OPAQUE_REQUEST, readableRequest } from "../relay/harness.ts";
import { effectOf, groupOf } from "../store/support.ts";
import { runCommand } from "../support/command.ts";
import { scratchDirectory } from "../support/scratch.ts";

const directory = scratchDirectory("doctor");
const START = Date.UTC(2026, 2, 4, 5, 0, 0);
const HOUR = 3_600_000;

const REFUSED: SeenAnswer = { source: "observed", hresult: 0xc004f042, count: 0 };
const ANSWERED: SeenAnswer = { source: "relayed", hresult: 0, count: 31, upstream: "kms:1688" };
const DOWN: SeenAnswer = { source: "relayed", hresult: 0x800706ba, count: 0, reason: "down" };

let time = START;

function seen(data: Uint8Array, address: string, answer: SeenAnswer) {
  time += HOUR;
  return observationOf(seeRequest(ok(data), time, address), answer);
}

const named = (name: string, id: number, requiredCount = 25): Uint8Array =>
  readableRequest(name, { cmid: new Uint8Array(16).fill(id), requiredCount });

/** A store with entries of its own kind and what genuine clients left; its data directory. */
async function recorded(
  name: string,
  effects: readonly ReturnType<typeof seen>[],
): Promise<string> {
  const folder = join(directory, name);
  const store = await openStore({ path: join(folder, "muster.db") });
  await store.commit(groupOf([effectOf(1), ...effects]));
  await store.close();
  return folder;
}

function doctor(folder: string, ...parameters: readonly string[]) {
  const settings = ["--set", `appliance.data_directory=${folder}`, "--set", "store.file=muster.db"];
  const environment = { MUSTER_CONFIG: "/dev/null" };
  return runCommand(["doctor", ...parameters, ...settings], { environment });
}

describe("doctor --from-log (RELAY-4)", () => {
  test("says which genuine clients came, what they asked and what they need", async () => {
    time = START;
    const folder = await recorded("all", [
      seen(named("PC-1", 1), "192.0.2.1", REFUSED),
      seen(named("PC-1", 1), "192.0.2.1", REFUSED),
      seen(named("PC-2", 2), "192.0.2.2", ANSWERED),
      seen(named("SRV-3", 3, 5), "192.0.2.3", DOWN),
      seen(OPAQUE_REQUEST, "192.0.2.9", REFUSED),
      seen(OPAQUE_REQUEST, "192.0.2.9", REFUSED),
      seen(new Uint8Array(2), "192.0.2.10", REFUSED),
    ]);
    const { exitCode, stdout, stderr } = await doctor(folder, "--from-log");
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      `Genuine Microsoft clients: 3 machines whose requests can be read, 2 sources whose cannot.
They sent 7 requests, 6 without success.

Machines, by version 4 requests (Windows Vista to 7, Server 2008 and 2008 R2)
  SRV-3 (192.0.2.3): a server system, or Office, needs a count of 5
    initial grace, 30 days left; physical; id 03030303-0303-0303-0303-030303030303
    product 66666666-7777-8888-9999-aaaaaaaaaaaa: its name is known to the licensed host alone
    1 request, 2026-03-04T09:00Z; relayed: 0x800706ba, no licensed host could be reached
  PC-2 (192.0.2.2): a client system, needs a count of 25
    initial grace, 30 days left; physical; id 02020202-0202-0202-0202-020202020202
    product 66666666-7777-8888-9999-aaaaaaaaaaaa: its name is known to the licensed host alone
    1 request, 2026-03-04T08:00Z; relayed: answered by the licensed host, count 31
  PC-1 (192.0.2.1): a client system, needs a count of 25
    initial grace, 30 days left; physical; id 01010101-0101-0101-0101-010101010101
    product 66666666-7777-8888-9999-aaaaaaaaaaaa: its name is known to the licensed host alone
    2 requests, 2026-03-04T06:00Z to 2026-03-04T07:00Z; observed: refused with 0xc004f042

Requests that cannot be read
  192.0.2.10: no request of any version
    1 request, 2026-03-04T12:00Z; observed: refused with 0xc004f042
  192.0.2.9: version 6.0 (Windows 8.1, Server 2012 R2 and later), encrypted, 260 octets
    2 requests, 2026-03-04T10:00Z to 2026-03-04T11:00Z; observed: refused with 0xc004f042

What they need
  A KMS host that Microsoft licensed: nothing here activates them.
  For application 11111111-2222-3333-4444-555555555555: a count of 25 there (2 machines).
  For application 11111111-2222-3333-4444-555555555555: a count of 5 there (1 machine).
  What the encrypted ones need cannot be seen from here; the licensed host's log says it.
  To pass them on to yours: relay.mode = "relay", and relay.upstreams with its address.
`,
    );
  });

  test("says the same as JSON, for scripts", async () => {
    time = START;
    const folder = await recorded("json", [
      seen(named("PC-1", 1), "192.0.2.1", ANSWERED),
      seen(OPAQUE_REQUEST, "192.0.2.9", REFUSED),
      seen(new Uint8Array(2), "192.0.2.10", REFUSED),
    ]);
    const { exitCode, stdout } = await doctor(folder, "--from-log", "--json");
    expect(exitCode).toBe(0);
    const refused = { source: "observed", requests: 1, failed: 1, lastResult: "0xc004f042" };
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      file: join(folder, "muster.db"),
      clients: [
        {
          cmid: "01010101-0101-0101-0101-010101010101",
          machineName: "PC-1",
          source: "relayed",
          kind: "client",
          requiredCount: 25,
          licenceState: "initialGrace",
          lastSeen: "2026-03-04T06:00:00.000Z",
          lastResult: "0x00000000",
          lastCount: 31,
          failed: 0,
        },
      ],
      opaque: [
        { ...refused, address: "192.0.2.10", version: null, octets: null },
        { ...refused, address: "192.0.2.9", version: "6.0", octets: 260 },
      ],
      needs: [{ requiredCount: 25, kind: "client", machines: 1 }],
    });
  });

  test("a name cannot move the cursor, in words or as JSON", async () => {
    const name = "PC\u001b[2J\u202e\u009b";
    const folder = await recorded("hostile", [seen(named(name, 1), "192.0.2.1", REFUSED)]);
    const [words, json] = [
      await doctor(folder, "--from-log"),
      await doctor(folder, "--from-log", "--json"),
    ];
    for (const { stdout } of [words, json]) {
      for (const character of "\u001b\u202e\u009b") expect(stdout).not.toContain(character);
    }
    expect(words.stdout).toContain("PC\\x1b[2J\\u202e\\x9b");
    expect(JSON.parse(json.stdout).clients[0].machineName).toBe(name);
  });

  test("many are counted, and all of them in the JSON document", async () => {
    const effects = Array.from({ length: 1200 }, (_, index) => {
      const cmid = new Uint8Array(16).fill(1);
      cmid.set([index & 255, index >> 8]);
      return seen(readableRequest(`PC-${index}`, { cmid }), "192.0.2.1", REFUSED);
    });
    const folder = await recorded("many", effects);
    const { stdout } = await doctor(folder, "--from-log");
    expect(stdout).toContain("Genuine Microsoft clients: 1200 machines");
    expect(stdout).toContain("  and 1150 more; --json lists all\n");
    const { stdout: json } = await doctor(folder, "--from-log", "--json");
    expect(JSON.parse(json).clients).toHaveLength(1200);
  });

  test("where none came, says so; this domain's own clients are none", async () => {
    const { exitCode, stdout } = await doctor(await recorded("none", []), "--from-log");
    expect(exitCode).toBe(0);
    expect(stdout).toBe("No genuine Microsoft client came here as far as the record goes.\n");
  });

  test("reads while an appliance writes", async () => {
    const folder = join(directory, "live");
    const store = await openStore({ path: join(folder, "muster.db") });
    await store.commit(groupOf([seen(named("PC-1", 1), "192.0.2.1", REFUSED)]));
    expect((await doctor(folder, "--from-log")).stdout).toContain("PC-1 (192.0.2.1)");
    await store.close();
  });
});

describe("doctor cannot", () => {
  test("without being told what to examine: 2", async () => {
    const { exitCode, stderr } = await doctor(directory);
    expect([exitCode, stderr]).toEqual([2, "nothing to examine is named; add --from-log\n"]);
  });

  test("without a record: 1, and none is made", async () => {
    const folder = join(directory, "nowhere");
    const { exitCode, stderr } = await doctor(folder, "--from-log");
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith(`muster: ${join(folder, "muster.db")}: there is no record;`);
    expect(existsSync(folder)).toBe(false);
  });

  test("read what is no database of ours: 1", async () => {
    const folder = join(directory, "foreign");
    await Bun.write(join(folder, "muster.db"), "x".repeat(4096));
    const { exitCode, stderr } = await doctor(folder, "--from-log");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("muster.db: cannot be read:");
  });
});
