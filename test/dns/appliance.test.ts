/** Zone data, reload, publication and rogue hosts in a whole appliance. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answersOf, askServer } from "../../src/dns/ask.ts";
import { literalName } from "../../src/dns/name.ts";
import { typeFromText } from "../../src/dns/rdata.ts";
import { rdataToText } from "../../src/dns/record-text.ts";
import { ZoneDataError } from "../../src/dns/zone-sources.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { type RunningAppliance, runAppliance, type Sections } from "../support/appliance.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { endpointOf, startServer } from "./support.ts";

const scratch = scratchDirectory("dns-appliance");
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
let folders = 0;

async function run(dns: Sections[string], files: Readonly<Record<string, string>> = {}) {
  folders += 1;
  const folder = join(scratch, String(folders));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const listen = ["127.0.0.1:0"];
  const running = await runAppliance(folder, { dns: { listen, ...dns } });
  closers.push(running.appliance.stop);
  return {
    ...running,
    reload: async (changed: Sections[string]) => {
      running.configure({ dns: { listen, ...changed } });
      await running.appliance.reload();
    },
  };
}

async function ask(port: number, name: string, type = "A"): Promise<readonly string[] | number> {
  const wire = literalName(name);
  const number = typeFromText(type) ?? 0;
  const answer = await askServer({
    server: { address: "127.0.0.1", port },
    name: wire,
    type: number,
    recursive: false,
    timeoutMs: 5000,
    randomBytes: systemRandomBytes,
  });
  if (!answer.ok) throw new Error(answer.error);
  if (answer.value.rcode !== 0) return answer.value.rcode;
  return answersOf(answer.value, wire, number).map((record) => rdataToText(number, record.rdata));
}

type Warnings = {
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};
const warningsOf = async ({ http }: RunningAppliance): Promise<Warnings["warnings"]> =>
  ((await http("/status")) as Warnings).warnings;

type Events = { readonly items: readonly Readonly<Record<string, unknown>>[] };

/** Asks until the event log has one of that code: it is written behind the attempt. */
async function event({ http }: RunningAppliance, code: number) {
  for (;;) {
    const { items } = (await http(`/api/v1/events?code=${code}`)) as Events;
    const [newest] = items;
    if (newest !== undefined) return newest;
    await Bun.sleep(5);
  }
}

const file = { zone: "lab.test", path: "lab.zone" };

describe("DNS-9: zone data in a running appliance", () => {
  test("records, files, other hosts and reverse names are served beside its own", async () => {
    const { dnsPort, http } = await run(
      {
        zones: ["lab.test", "corp.test"],
        record: [{ name: "printer", type: "A", values: ["192.0.2.9"] }],
        zone_file: [file, { zone: "data.test", path: "data.zone" }],
        other_host: [{ name: "second", addresses: ["192.0.2.8"], priority: 9 }],
      },
      { "lab.zone": "scanner A 192.0.2.10\n", "data.zone": "www A 192.0.2.80\n" },
    );
    expect(await ask(dnsPort, "printer.lab.test")).toEqual(["192.0.2.9"]);
    expect(await ask(dnsPort, "scanner.lab.test")).toEqual(["192.0.2.10"]);
    expect(await ask(dnsPort, "www.data.test")).toEqual(["192.0.2.80"]);
    expect(await ask(dnsPort, "10.2.0.192.in-addr.arpa", "PTR")).toEqual(["scanner.lab.test."]);
    for (const zone of ["lab.test", "corp.test"]) {
      const services = await ask(dnsPort, `_vlmcs._tcp.${zone}`, "SRV");
      expect(services).toHaveLength(2);
      expect(services).toContain("9 0 1688 second.lab.test.");
    }
    const { records } = (await http("/api/v1/dns")) as { records: readonly object[] };
    expect(records).toContainEqual({
      zone: "lab.test.",
      name: "scanner.lab.test.",
      type: "A",
      ttlSeconds: 3600,
      data: "192.0.2.10",
    });
  });

  test("it does not start with zones that contradict themselves", async () => {
    const started = run({ zone_file: [file] }, { "lab.zone": "box CNAME x\n" });
    expect(await started.catch((error: unknown) => error)).toBeInstanceOf(ZoneDataError);
  });
});

describe("reload", () => {
  test("another file, another record: served at once, the serial rises, no query is lost", async () => {
    const running = await run({ zone_file: [file] }, { "lab.zone": "a A 192.0.2.1\n" });
    const { dnsPort, folder, reload } = running;
    const serial = async () => {
      const [soa] = (await ask(dnsPort, "lab.test", "SOA")) as string[];
      return Number(soa?.split(" ")[2]);
    };
    const before = await serial();
    const lines = Array.from({ length: 20_000 }, (_, index) => `h${index} A 10.0.0.1`);
    writeFileSync(join(folder, "lab.zone"), `b A 192.0.2.2\n${lines.join("\n")}\n`);
    let isReloading = true;
    const reloading = reload({
      zone_file: [file],
      record: [{ name: "c", type: "A", values: ["192.0.2.3"] }],
      priority: 7,
      reverse: false,
    }).then(() => {
      isReloading = false;
    });
    let asked = 0;
    while (isReloading) {
      const found = await ask(dnsPort, "box.lab.test");
      expect(found).toEqual(["127.0.0.1"]);
      asked += 1;
    }
    await reloading;
    expect(asked).toBeGreaterThan(3);
    expect(await ask(dnsPort, "a.lab.test")).toBe(3);
    expect(await ask(dnsPort, "b.lab.test")).toEqual(["192.0.2.2"]);
    expect(await ask(dnsPort, "c.lab.test")).toEqual(["192.0.2.3"]);
    expect(await ask(dnsPort, "_vlmcs._tcp.lab.test", "SRV")).toEqual([
      expect.stringMatching(/^7 0 \d+ box\.lab\.test\.$/),
    ]);
    const after = await serial();
    expect(after).toBeGreaterThan(before);
    await reload({
      zone_file: [file],
      record: [{ name: "c", type: "A", values: ["192.0.2.3"] }],
      priority: 7,
      reverse: false,
    });
    expect(await serial()).toBe(after);
  });

  test.each([
    ["a file with a mistake", { zone_file: [file] }, 'lab.zone:1:5: "nope" is no IPv4 address'],
    [
      "records that contradict each other",
      { record: [{ name: "box", type: "CNAME", values: ["x"] }] },
      "box.lab.test. CNAME is an alias (CNAME) beside other records of its name",
    ],
    ["a file that is gone", { zone_file: [{ ...file, path: "gone" }] }, "no such file"],
    ["a key that is none", { nonsense: true }, "unknown key"],
  ])("%s: the old data stays, and the status says why; mended, it goes", async (_, dns, what) => {
    const record = [{ name: "a", type: "A", values: ["192.0.2.1"] }];
    const running = await run({ record });
    writeFileSync(join(running.folder, "lab.zone"), "x A nope\n");
    const refusal = await running.reload(dns).catch((error: Error) => error.message);
    expect(refusal).toContain(what);
    expect(await ask(running.dnsPort, "a.lab.test")).toEqual(["192.0.2.1"]);
    expect(await warningsOf(running)).toMatchObject([
      { code: "notReloaded", message: expect.stringContaining(what) },
    ]);
    await running.reload({ record: [{ name: "b", type: "A", values: ["192.0.2.2"] }] });
    expect(await warningsOf(running)).toEqual([]);
    expect(await ask(running.dnsPort, "a.lab.test")).toBe(3);
    expect(await ask(running.dnsPort, "b.lab.test")).toEqual(["192.0.2.2"]);
  });

  test("DNS-5: publication off and on again", async () => {
    const { dnsPort, reload } = await run({});
    expect(await ask(dnsPort, "_vlmcs._tcp.lab.test", "SRV")).toHaveLength(1);
    await reload({ publish: false });
    expect(await ask(dnsPort, "_vlmcs._tcp.lab.test", "SRV")).toBe(3);
    await reload({});
    expect(await ask(dnsPort, "_vlmcs._tcp.lab.test", "SRV")).toHaveLength(1);
  });
});

describe("DNS-6, EVENT-3: publication that fails", () => {
  test("a server that takes no updates: 12293 with zone, server and reason", async () => {
    const foreign = await startServer();
    closers.push(() => foreign.close());
    const { port } = endpointOf(foreign);
    const running = await run({
      publish_to: {
        enabled: true,
        zones: ["kms.test"],
        server: `127.0.0.1:${port}`,
        addresses: false,
      },
    });
    const failure = await event(running, 12_293);
    expect(failure).toMatchObject({ result: expect.stringMatching(/^0x8007232[cd]$/i) });
    const detail = JSON.parse(String(failure["detail"])) as unknown;
    expect(detail).toMatchObject({
      name: "_vlmcs._tcp.kms.test.",
      zone: "kms.test.",
      server: `127.0.0.1:${port}`,
      reason: expect.stringMatching(/^(REFUSED|NOTIMP)/),
    });
  });

  test("a resolver that knows nothing of the zone: 12293 says who and what", async () => {
    const foreign = await run({ zones: ["elsewhere.test"] });
    const running = await run({
      publish_to: { enabled: true, resolver: `127.0.0.1:${foreign.dnsPort}`, addresses: false },
    });
    const failure = await event(running, 12_293);
    expect(JSON.parse(String(failure["detail"]))).toMatchObject({
      reason: "no SOA of _vlmcs._tcp.lab.test.: REFUSED",
      server: `127.0.0.1:${foreign.dnsPort}`,
    });
  });
});

describe("DNS-6: publication into another appliance", () => {
  const secret = Buffer.alloc(32, 7).toString("base64");

  test("under TSIG: 12294, beside that host's own record; gone when it stops", async () => {
    const key = [{ name: "guest", secret, grants: ["*.lab.test SRV", "guest.lab.test A"] }];
    const foreign = await run({ host: "owner.lab.test", key });
    const services = async () => {
      const found = await ask(foreign.dnsPort, "_vlmcs._tcp.lab.test", "SRV");
      return typeof found === "number"
        ? found
        : found.map((data) => data.split(" ")[3] ?? "").toSorted();
    };
    expect(await services()).toEqual(["owner.lab.test."]);
    const publish_to = { enabled: true, server: `127.0.0.1:${foreign.dnsPort}`, key: "guest" };
    const guest = await run({ enabled: false, host: "guest.lab.test", key, publish_to });
    const success = await event(guest, 12_294);
    expect(success).toMatchObject({ result: "0x00000000" });
    for (;;) {
      const found = await services();
      if (Array.isArray(found) && found.length > 1) break;
      await Bun.sleep(5);
    }
    expect(await services()).toEqual(["guest.lab.test.", "owner.lab.test."]);
    expect(await ask(foreign.dnsPort, "guest.lab.test")).toEqual(["127.0.0.1"]);
    closers.pop();
    await guest.appliance.stop();
    expect(await services()).toEqual(["owner.lab.test."]);
    expect(await ask(foreign.dnsPort, "guest.lab.test")).toEqual(["127.0.0.1"]);
  });
});

describe("rogue hosts", () => {
  test("a host that nobody meant is a warning of the status; our own are not", async () => {
    const foreign = await run({
      zones: ["lab.test"],
      other_host: [{ name: "rogue", addresses: ["192.0.2.66"] }],
    });
    const running = await run({ rogue_check: { resolvers: [`127.0.0.1:${foreign.dnsPort}`] } });
    for (;;) {
      const warnings = await warningsOf(running);
      if (warnings.length > 0) {
        const message = expect.stringContaining("rogue.lab.test. port 1688 at 192.0.2.66");
        expect(warnings).toMatchObject([{ code: "rogueHost", message }]);
        break;
      }
      await Bun.sleep(5);
    }
    await running.reload({
      rogue_check: { resolvers: [`127.0.0.1:${foreign.dnsPort}`] },
      other_host: [{ name: "rogue", addresses: ["192.0.2.66"] }],
    });
    expect(await ask(running.dnsPort, "_vlmcs._tcp.lab.test", "SRV")).toHaveLength(2);
  });
});
