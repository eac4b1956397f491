import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { copyFileSync, mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import { EVENT_CODE } from "../../src/activation/events.ts";
import { ALERTS_SETTING } from "../../src/monitor/alert-book.ts";
import { takeConfirmation } from "../../src/monitor/clock-confirmation.ts";
import { CLOCK_SETTING } from "../../src/monitor/clock-watch.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { CLIENT_PRODUCT, cmid, DAY, OFFICE_PRODUCT } from "../activation/support.ts";
import { commit, effectOf, groupOf } from "../store/support.ts";
import { type CommandWorld, runCommand } from "../support/command.ts";
import { scratchDirectory } from "../support/scratch.ts";

const directory = scratchDirectory("cli-record");
const file = join(directory, "muster.db");
const HOUR = DAY / 24;
/** Commands go by the clock of the machine. */
const NOW = Date.now();
const FORMULA = "=cmd|' /C calc'!A0";
const TERMINAL = "\u001b[2J\u202eEVIL";
let store: Store;

/** A command on the record, which the store has open. */
function muster(line: string, world: CommandWorld = {}) {
  const environment = { MUSTER_CONFIG: "/dev/null" };
  const words = [...line.split(" "), "--data-directory", directory];
  return runCommand(words, { environment, ...world });
}

beforeAll(async () => {
  store = await openStore({ path: file });
  const at = (hours: number) => ({ time: NOW - hours * HOUR });
  await commit(
    store,
    groupOf([
      effectOf(0, { ...at(24), count: 30, machineName: "LAB-0" }),
      effectOf(1, { ...at(5), count: 20, machineName: "LAB-1" }),
      effectOf(2, { ...at(4), hresult: 0xc004f042, count: 0, machineName: FORMULA }),
      effectOf(3, { ...at(3), count: 20, machineName: TERMINAL }),
      effectOf(4, { ...at(2), count: 20, machineName: "TWIN-A" }),
      effectOf(4, { ...at(1), count: 20, machineName: "TWIN-B", peerAddress: "192.0.2.2" }),
      effectOf(4, { ...at(0.5), count: 20, machineName: "TWIN-A" }),
    ]),
  );
  await store.logEvent({
    code: EVENT_CODE.alertRaised,
    time: NOW,
    hresult: 0,
    detail: JSON.stringify({ kind: "disk", message: "nearly full" }),
  });
  const alert = {
    key: "disk",
    kind: "disk",
    severity: "critical",
    message: "9 MiB left",
    raisedAt: NOW - DAY,
  };
  await store.putSetting(ALERTS_SETTING, JSON.stringify([alert]));
});

afterAll(() => store.close());

describe("events (EVENT-5)", () => {
  test("lines have the original's fields in its order, words beside numbers (EVENT-1)", async () => {
    const { stdout } = await muster("events --limit 8");
    const lines = stdout.trimEnd().split("\n");
    const time = (hours: number): string => new Date(NOW - hours * HOUR).toISOString();
    expect(lines[0]).toBe(
      `1 ${time(24)} 12290 0x00000000 (success), 25, LAB-0, ${cmid(0)}, 2026-01-15T12:00:00.000Z, ` +
        `0 (physical), 2 (initial grace), 43200 (30 days), ${CLIENT_PRODUCT.activationId} ` +
        `(${CLIENT_PRODUCT.name}); count 30, from 192.0.2.1`,
    );
    expect(lines[2]).toContain("0xc004f042 (this host cannot serve this product), 25, =cmd");
    expect(lines[3]).toContain("\\x1b[2J\\u202eEVIL");
    expect(lines[7]).toEndWith("13020 alert raised: nearly full");
  });

  const filters: readonly (readonly [string, readonly number[]])[] = [
    ["--result failed", [3]],
    ["--result 0xC004F042", [3]],
    ["--result success --name lab", [1, 2]],
    [`--cmid ${cmid(4)}`, [5, 6, 7]],
    ["--code 13020", [8]],
    ["--since 210m --until 90m", [4, 5]],
    ["--limit 2", [7, 8]],
    ["--since 2000-01-01 --code 12290", [1, 2, 3, 4, 5, 6, 7]],
  ];
  for (const [flags, ids] of filters) {
    test(`${flags}: ${ids.join(", ")}, in every form`, async () => {
      const json = await muster(`events --json ${flags}`);
      const objects = json.stdout.split("\n").filter(Boolean);
      expect(objects.map((line) => JSON.parse(line).id)).toEqual(ids as number[]);
      const csv = await muster(`events --csv ${flags}`);
      expect(csv.stdout.trimEnd().split("\r\n")).toHaveLength(ids.length + 1);
      const text = await muster(`events ${flags}`);
      expect(text.stdout.trimEnd().split("\n")).toHaveLength(ids.length);
    });
  }

  test("a name that is a formula is none in a spreadsheet, and no name moves the cursor", async () => {
    const { stdout } = await muster("events --csv");
    expect(stdout).toContain(`,'${FORMULA},`);
    for (const form of ["", " --csv", " --json"]) {
      const { stdout: text } = await muster(`events${form}`);
      expect(text.includes("\u001b") || text.includes("\u202e")).toBe(false);
    }
  });

  test("--follow goes on with what comes, until it is interrupted", async () => {
    const signals = new EventEmitter();
    const named = (index: number, machineName: string) =>
      effectOf(index, { time: NOW, machineName });
    let stored: Promise<unknown> | undefined;
    const { exitCode, stdout } = await muster("events --follow --json", {
      signals,
      onOutput: (text) => {
        // What is there already comes first; what comes then is new.
        stored ??= commit(store, groupOf([named(90, "NEW-1"), named(91, "NEW-2")]));
        if (text.includes("NEW-2")) signals.emit("SIGINT");
      },
    });
    await stored;
    expect(exitCode).toBe(0);
    const ids = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id);
    expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(signals.listenerCount("SIGINT")).toBe(0);
  });

  for (const [words, says] of [
    ["events --json --csv", "do not go together"],
    ["events --since yesterday", "is no time"],
    ["events --result bad", "is no result"],
    ["events --limit 0", "is no number from 1 on"],
    ["events verify --noted x", "is no ID:HASH"],
  ] as const) {
    test(`2 for ${words}`, async () => {
      const { exitCode, stderr } = await muster(words);
      expect([exitCode, stderr.includes(says)]).toEqual([2, true]);
    });
  }
});

describe("events verify (EVENT-6)", () => {
  /** A copy of the record, for a test to tamper with. */
  async function tampered(name: string, ...statements: readonly string[]) {
    const other = join(directory, name);
    mkdirSync(other);
    await store.backup(join(other, "muster.db"));
    const database = new Database(join(other, "muster.db"));
    for (const sql of statements) database.run(sql);
    database.close();
    const environment = { MUSTER_CONFIG: "/dev/null" };
    const verify = (...flags: readonly string[]) =>
      runCommand(["events", "verify", "--data-directory", other, ...flags], { environment });
    return verify;
  }

  test("a sound log: 0, with what to note", async () => {
    const verify = await tampered("sound");
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(0);
    const [first, newest] = stdout.trimEnd().split("\n");
    expect(first).toMatch(/^\d+ entries verified: none was changed, taken out or moved$/);
    const [, noted = ""] = /^newest verified (\d+:[0-9a-f]{64})$/.exec(newest ?? "") ?? [];
    expect((await verify("--noted", noted)).stdout).toContain("is as it was noted");
    const document = JSON.parse((await verify("--json", "--noted", noted)).stdout);
    expect(document).toMatchObject({ schema: 1, intact: true, firstBreak: null, noted: true });
  });

  test("a broken one: 1, with the first entry that does not hold", async () => {
    const edited = await tampered("edited", "UPDATE event SET count = 1 WHERE id = 2");
    const { exitCode, stdout, stderr } = await edited();
    expect([exitCode, stderr]).toEqual([1, "the event log was tampered with\n"]);
    expect(stdout).toStartWith("entry 2 does not hold");
    const removed = await tampered("removed", "DELETE FROM event WHERE id = 3");
    expect((await removed()).stdout).toStartWith("entry 3 is missing");
    expect(JSON.parse((await removed("--json")).stdout)).toMatchObject({
      intact: false,
      firstBreak: { id: 3, kind: "missing" },
    });
  });

  test("one made anew as a whole: 1, where an earlier end was noted", async () => {
    const verify = await tampered("anew");
    const { exitCode, stdout } = await verify("--noted", `1:${"0".repeat(64)}`);
    expect([exitCode, stdout.includes("noted entry 1 is not what was noted")]).toEqual([1, true]);
    expect((await verify("--noted", `99999:${"0".repeat(64)}`)).exitCode).toBe(1);
  });
});

describe("what is read from the record", () => {
  test("clients: a table, the whole inventory as CSV, filters", async () => {
    const { stdout } = await muster("clients --by-name --name lab");
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^name +address +cmid +machine +state +left +last seen \(UTC\)$/);
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(["LAB-0", "LAB-1"]);
    expect(rows[0]).toContain("licensed");
    expect(rows[1]).toContain("initial grace");
    const csv = await muster("clients --csv --failed");
    expect(csv.stdout.split("\r\n")).toHaveLength(3);
    expect(csv.stdout).toContain(`'${FORMULA}`);
    const json = JSON.parse((await muster("clients --json --limit 1")).stdout);
    expect(json).toMatchObject({ schema: 1, more: true, clients: { length: 1 } });
  });

  test("duplicates: the machines that share an id, and what to do (COUNT-10)", async () => {
    const { stdout } = await muster("duplicates");
    expect(stdout).toMatch(
      /^certain: client machine id \S+ is shared by TWIN-A \(192\.0\.2\.1\) and TWIN-B \(192\.0\.2\.2\);.*sysprep/,
    );
    const json = JSON.parse((await muster("duplicates --json")).stdout);
    expect(json.duplicates).toMatchObject([{ cmid: cmid(4), certainty: "certain" }]);
    expect((await muster("duplicates --csv")).stdout.trimEnd().split("\r\n")).toHaveLength(3);
  });

  test("report activity, report licensing (REPORT-1, REPORT-2)", async () => {
    const activity = JSON.parse((await muster("report activity --json")).stdout);
    const sum = (key: string) =>
      activity.rows.reduce(
        (total: number, row: Record<string, number>) => total + (row[key] ?? 0),
        0,
      );
    expect([sum("activations"), sum("refused")]).toEqual([1, 1]);
    expect((await muster("report activity --csv")).stdout).toStartWith("day,host,product,");
    const licensing = await muster("report licensing");
    expect(licensing.stdout).toContain("licensed machines by days left to renew");
    const json = JSON.parse((await muster("report licensing --json --days 31")).stdout);
    expect(json.byState.licensed).toBe(1);
    expect(json.expiring.length).toBe(json.machines - 1);
    expect((await muster("report licensing --csv --days 31")).stdout).not.toContain(`,${FORMULA}`);
  });

  test("forecast, alerts, clock say what there is, and no more", async () => {
    expect((await muster("forecast")).stdout).toBe("no client has been counted yet\n");
    const alerts = await muster("alerts");
    expect(alerts.stdout).toMatch(/^critical disk, since \S+: 9 MiB left\n$/);
    expect(JSON.parse((await muster("alerts --json")).stdout).alerts).toHaveLength(1);
    expect((await muster("alerts --csv")).stdout).toContain("critical,disk,");
    expect((await muster("clock")).stdout).toContain("believed");
  });

  test("explain: by name in either case, by id, and what it never heard of", async () => {
    const byName = await muster("explain lab-1");
    expect(byName.stdout).toStartWith("LAB-1 (192.0.2.1) is not activated: ");
    expect(byName.stdout).toContain("0xc004f038: the count on the host is too low");
    const byId = JSON.parse((await muster(`explain --json ${cmid(2)}`)).stdout);
    expect(byId.clients).toMatchObject([{ verdict: "refused", code: "0xc004f042" }]);
    expect((await muster("explain TWIN-A")).stdout).toContain("is shared by TWIN-A");
    const unknown = await muster("explain nobody");
    expect([unknown.exitCode, unknown.stdout]).toEqual([1, ""]);
    expect(unknown.stderr).toStartWith('no request of "nobody" has reached this host; if it shows');
  });

  test("a machine of two applications is explained for both", async () => {
    const { applicationId, activationId } = OFFICE_PRODUCT;
    const office = { applicationId, activationId, machineName: "LAB-1", time: NOW };
    await commit(store, groupOf([effectOf(1, { ...office, count: 9, requiredCount: 5 })]));
    const { clients } = JSON.parse((await muster("explain LAB-1 --json")).stdout);
    expect(clients).toHaveLength(2);
  });
});

describe("the clock (REPORT-3)", () => {
  test("a doubted one is shown, and the believed time is what others go by", async () => {
    const doubt = {
      kind: "forward",
      noticedAt: NOW,
      wall: NOW + 400 * DAY,
      offset: 0,
      steadySince: 0,
    };
    const saved = { believed: NOW + 200 * DAY, doubt };
    await store.putSetting(CLOCK_SETTING, JSON.stringify(saved));
    expect((await muster("clock")).stdout).toContain("doubted: it went forward by 400 days");
    expect(JSON.parse((await muster("clock --json")).stdout)).toMatchObject({
      doubted: true,
      jump: "forward",
    });
    expect((await muster("explain LAB-0")).stdout).toContain("out of tolerance");
    await store.putSetting(CLOCK_SETTING, JSON.stringify({ believed: NOW, doubt: null }));
    expect((await muster("explain LAB-0")).stdout).not.toContain("out of tolerance");
  });

  test("confirm leaves word where the appliance looks, and says that it was taken", async () => {
    let wasTaken = false;
    const watcher = watch(directory, () => {
      wasTaken ||= takeConfirmation(directory, NOW);
    });
    const { exitCode, stdout } = await muster("clock confirm");
    watcher.close();
    expect([exitCode, wasTaken]).toEqual([0, true]);
    expect(stdout).toContain("the appliance took it up");
  });

  test("confirm says where it may not write", async () => {
    const environment = { MUSTER_CONFIG: "/dev/null" };
    const words = ["clock", "confirm", "--data-directory", join(directory, "nowhere")];
    const { exitCode, stderr } = await runCommand(words, { environment });
    expect([exitCode, stderr.includes("cannot be written: ENOENT")]).toEqual([1, true]);
  });
});

describe("a record that cannot be read", () => {
  const environment = { MUSTER_CONFIG: "/dev/null" };
  const ask = (folder: string) =>
    runCommand(["events", "--data-directory", folder], { environment });

  test("is not there: 1, with where to look", async () => {
    const { exitCode, stderr } = await ask(join(directory, "nowhere"));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("there is no record; say where it is");
  });

  test("is none: 1, by its name, and no mistake of ours", async () => {
    const folder = join(directory, "letter");
    mkdirSync(folder);
    copyFileSync(import.meta.path, join(folder, "muster.db"));
    const { exitCode, stderr } = await ask(folder);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("muster.db: file is not a database");
    expect(stderr).not.toContain("mistake");
  });
});
