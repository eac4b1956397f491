import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RecordType } from "../../src/dns/codes.ts";
import { literalName, nameToText } from "../../src/dns/name.ts";
import { memoryFromText, memoryToText } from "../../src/dns/publisher/memory.ts";
import {
  FIRST_RETRY_MS,
  type Job,
  type JobOutcome,
  LONGEST_RETRY_MS,
  type OwnData,
  PublicationSchedule,
  type Wish,
} from "../../src/dns/publisher/schedule.ts";
import { updateMessage } from "../../src/dns/publisher/update-message.ts";
import { wishesOf } from "../../src/dns/publisher/wishes.ts";
import { srvRdata } from "../../src/dns/rdata.ts";
import { rdataToText } from "../../src/dns/record-text.ts";

const REFRESH_MS = 86_400_000;
const NAME = literalName("_vlmcs._tcp.corp.example");
const HOST = literalName("box.corp.example");

const srv = (port: number): OwnData => ({
  type: RecordType.SRV,
  rdata: srvRdata({ priority: 0, weight: 0, port, target: HOST }),
});
const wish = (...ports: readonly number[]): Wish => ({
  name: NAME,
  ttl: 3600,
  records: ports.map(srv),
});
const DONE: JobOutcome = { ok: true, zone: "corp.example.", server: "192.0.2.53:53" };
const FAILED: JobOutcome = {
  ok: false,
  zone: "corp.example.",
  server: "192.0.2.53:53",
  reason: "REFUSED",
  hresult: 0x8007_232d,
};

function schedule(remembered: readonly Wish[] = [], random = () => 0) {
  return new PublicationSchedule({ refreshMs: REFRESH_MS, random }, remembered);
}

const ports = (records: readonly OwnData[]) =>
  records.map(({ rdata }) => new DataView(rdata.buffer, rdata.byteOffset).getUint16(4));
const shown = (jobs: readonly Job[]) =>
  jobs.map(({ add, remove }) => ({ add: ports(add), remove: ports(remove) }));

/** Wants, takes what is due and ends it. */
function step(own: PublicationSchedule, wanted: Wish, now: number, outcome: JobOutcome = DONE) {
  own.want([wanted], now);
  const jobs = own.take(now);
  for (const job of jobs) own.settle(job, outcome, now);
  return shown(jobs);
}

describe("DNS-6: what is sent, and when", () => {
  test("at start, then daily, and not in between", () => {
    const own = schedule();
    expect(step(own, wish(1688), 0)).toEqual([{ add: [1688], remove: [] }]);
    expect(step(own, wish(1688), REFRESH_MS - 1)).toEqual([]);
    expect(step(own, wish(1688), REFRESH_MS)).toEqual([{ add: [1688], remove: [] }]);
    expect(step(own, wish(1688), 2 * REFRESH_MS - 1)).toEqual([]);
  });

  test("a change at once, which takes away what was sent before and nothing else", () => {
    const own = schedule();
    step(own, wish(1688), 0);
    expect(step(own, wish(1689), 1)).toEqual([{ add: [1689], remove: [1688] }]);
    expect(step(own, wish(1689, 1690), 2)).toEqual([{ add: [1689, 1690], remove: [] }]);
    expect(step(own, { ...wish(1689, 1690), ttl: 60 }, 3)).toHaveLength(1);
  });

  test("withdrawn: taken away once, and not sent again", () => {
    const own = schedule();
    expect(step(own, wish(), 0)).toEqual([]);
    step(own, wish(1688), 1);
    expect(step(own, wish(), 2)).toEqual([{ add: [], remove: [1688] }]);
    expect(step(own, wish(), 10 * REFRESH_MS)).toEqual([]);
    expect(step(own, wish(1688), 10 * REFRESH_MS)).toEqual([{ add: [1688], remove: [] }]);
  });

  test("a name that is no longer wanted is withdrawn", () => {
    const own = schedule();
    step(own, wish(1688), 0);
    own.want([], 1);
    expect(shown(own.take(1))).toEqual([{ add: [], remove: [1688] }]);
  });

  test("what an earlier run left is taken away, or known to be there", () => {
    expect(step(schedule([wish(1688)]), wish(1689), 0)).toEqual([{ add: [1689], remove: [1688] }]);
    expect(step(schedule([wish(1688)]), wish(1688), 0)).toEqual([{ add: [1688], remove: [] }]);
    expect(step(schedule([wish(1688)]), wish(), 0)).toEqual([{ add: [], remove: [1688] }]);
    const memory = memoryToText([wish(1688, 1689)]);
    expect(memoryFromText(memory)).toEqual([wish(1688, 1689)]);
  });

  test.each([undefined, "", "{}", "[1]", '[{"name":"a..b","ttl":1,"records":[]}]', "[null]"])(
    "a memory of %j is none",
    (text) => expect(memoryFromText(text)).toEqual([]),
  );

  test("a failure is tried again, later each time, up to an hour", () => {
    const own = schedule();
    let now = 0;
    step(own, wish(1688), now, FAILED);
    for (let failures = 0; failures < 14; failures += 1) {
      const delay = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
      expect(step(own, wish(1688), now + delay - 1, FAILED)).toEqual([]);
      now += delay;
      expect(step(own, wish(1688), now, FAILED)).toHaveLength(1);
    }
  });

  test("a change does not wait for the next attempt, and begins anew", () => {
    const own = schedule();
    for (let now = 0; now < 1e9; now += LONGEST_RETRY_MS) step(own, wish(1688), now, FAILED);
    expect(step(own, wish(1689), 1e9, FAILED)).toHaveLength(1);
    expect(step(own, wish(1689), 1e9 + FIRST_RETRY_MS, FAILED)).toHaveLength(1);
  });

  test("chance takes up to half of the delay away", () => {
    const own = schedule([], () => 0.5);
    step(own, wish(1688), 0, FAILED);
    expect(step(own, wish(1688), FIRST_RETRY_MS * 0.75 - 1)).toEqual([]);
    expect(step(own, wish(1688), FIRST_RETRY_MS * 0.75)).toHaveLength(1);
  });

  test("what a failed attempt may have left behind is taken away later", () => {
    const own = schedule();
    step(own, wish(1688), 0, FAILED);
    expect(step(own, wish(1689), 1, FAILED)).toEqual([{ add: [1689], remove: [1688] }]);
    expect(step(own, wish(1690), 2)).toEqual([{ add: [1690], remove: [1688, 1689] }]);
    expect(step(own, wish(1691), 3)).toEqual([{ add: [1691], remove: [1690] }]);
  });

  test("what changes while an attempt runs is sent when it has ended", () => {
    const own = schedule();
    own.want([wish(1688)], 0);
    const [job] = own.take(0);
    own.want([wish(1689)], 1);
    expect(own.take(1)).toEqual([]);
    if (job === undefined) throw new Error("no job");
    own.settle(job, DONE, 2);
    expect(step(own, wish(1689), 2)).toEqual([{ add: [1689], remove: [1688] }]);
  });

  test("standings say what was achieved, and why not", () => {
    const own = schedule();
    own.want([wish(1688)], 0);
    expect(own.standings()).toMatchObject([{ state: "pending", name: nameToText(NAME) }]);
    step(own, wish(1688), 0, FAILED);
    expect(own.standings()).toMatchObject([{ state: "failed", reason: "REFUSED", failures: 1 }]);
    step(own, wish(1689), 1);
    expect(own.standings()).toMatchObject([{ state: "published", succeededAt: 1, failures: 0 }]);
    step(own, wish(), 2);
    expect(own.standings()).toMatchObject([{ state: "withdrawn" }]);
  });

  test("whatever happens: after a success the server holds what is wanted, and what others put", () => {
    const wanted = fc.subarray([1688, 1689, 1690]);
    const events = fc.array(fc.tuple(wanted, fc.constantFrom("done", "lost", "unheard")));
    fc.assert(
      fc.property(events, (list) => {
        const server = new Set([7]);
        const own = schedule();
        let now = 0;
        const play = (ports_: readonly number[], fate: string): void => {
          now += 2 * LONGEST_RETRY_MS;
          own.want([wish(...ports_)], now);
          for (const job of own.take(now)) {
            if (fate !== "lost") {
              for (const port of ports(job.remove)) server.delete(port);
              for (const port of ports(job.add)) server.add(port);
            }
            own.settle(job, fate === "done" ? DONE : FAILED, now);
          }
        };
        for (const [ports_, fate] of list) play(ports_, fate);
        const last = list.at(-1)?.[0] ?? [];
        play(last, "done");
        expect([...server].toSorted()).toEqual([7, ...last].toSorted());
      }),
    );
  });
});

describe("update messages, RFC 2136 section 2.5", () => {
  test("own data by class NONE and TTL 0, then additions; never class ANY", () => {
    const job = { name: NAME, ttl: 3600, remove: [srv(1)], add: [srv(2)] };
    const apex = literalName("corp.example");
    const hex = updateMessage(0x1234, apex, job).toHex();
    const [name, host] = [NAME.toHex(), HOST.toHex()];
    const length = (6 + HOST.length).toString(16).padStart(4, "0");
    expect(hex).toBe(
      [
        // Id, opcode 5, one zone, no prerequisite, two updates.
        "1234 2800 0001 0000 0002 0000",
        `${apex.toHex()} 0006 0001`,
        `${name} 0021 00fe 00000000 ${length} 0000 0000 0001 ${host}`,
        `${name} 0021 0001 00000e10 ${length} 0000 0000 0002 ${host}`,
      ]
        .join("")
        .replaceAll(" ", ""),
    );
  });
});

test("wishes: addresses first; they stay while the service is withdrawn (DNS-4)", () => {
  const settings = { zones: ["corp.example", "lab.test"], addresses: true };
  const facts = {
    host: "box.corp.example",
    ttl: 60,
    addresses: ["192.0.2.7", "2001:db8::7"],
    publish: { priority: 1, weight: 2, ports: [1688, 1689] },
  };
  const text = (wishes: readonly Wish[]) =>
    wishes.map(
      ({ name, records }) =>
        `${nameToText(name)} ${records.map(({ type, rdata }) => rdataToText(type, rdata)).join(", ")}`,
    );
  const services = "1 2 1688 box.corp.example., 1 2 1689 box.corp.example.";
  expect(text(wishesOf(settings, facts))).toEqual([
    "box.corp.example. 192.0.2.7, 2001:db8::7",
    `_vlmcs._tcp.corp.example. ${services}`,
    `_vlmcs._tcp.lab.test. ${services}`,
  ]);
  expect(
    text(wishesOf({ ...settings, addresses: false }, { ...facts, publish: undefined })),
  ).toEqual(["_vlmcs._tcp.corp.example. ", "_vlmcs._tcp.lab.test. "]);
});
