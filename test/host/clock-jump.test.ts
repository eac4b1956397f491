import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type ActivationHost, createActivationHost } from "../../src/host/activation-host.ts";
import type { HostAnswer } from "../../src/host/work.ts";
import { type ClockWatch, watchClock } from "../../src/monitor/clock-watch.ts";
import { decodeReply } from "../../src/protocol/reply.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { CLIENT_PRODUCT, DAY, NOW } from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { octetsOf, PEER, SETTINGS } from "./support.ts";

const HOUR = DAY / 24;
const folder = scratchDirectory("clock-jump");
const closers: (() => Promise<void>)[] = [];
let files = 0;

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A host on a machine whose clock a test sets. */
class Box {
  monotonic = 1000;
  offset = NOW - 1000;
  readonly path = join(folder, `${++files}.db`);
  store!: Store;
  clock!: ClockWatch;
  host!: ActivationHost;

  get wall(): number {
    return this.monotonic + this.offset;
  }

  async start(): Promise<void> {
    const saved = this.clock?.save();
    this.store = await openStore({ path: this.path });
    this.clock = watchClock({
      saved,
      rules: { jumpMilliseconds: 4 * HOUR, settleMilliseconds: 0 },
      wall: () => this.wall,
      monotonic: () => this.monotonic,
    });
    this.host = await createActivationHost({
      store: this.store,
      settings: () => SETTINGS,
      clock: () => this.wall,
      expiryClock: this.clock.expiry,
    });
    closers.push(() => this.stop());
  }

  async stop(): Promise<void> {
    await this.host.stop();
    await this.store.close();
  }

  /** As a machine does that is switched off and on. */
  async restart(): Promise<void> {
    await this.stop();
    closers.pop();
    await this.start();
  }

  /** The count that a machine is told. */
  async ask(machine: number): Promise<number> {
    const octets = octetsOf(machine);
    const answer = await new Promise<HostAnswer>((deliver) => {
      this.host.activate(octets, PEER, deliver);
    });
    const reply = decodeReply(answer.octets ?? new Uint8Array());
    if (!reply.ok) throw new Error(`refused: ${answer.hresult}`);
    return reply.value.reply.count;
  }

  async askAll(...machines: readonly number[]): Promise<number> {
    let count = 0;
    for (const machine of machines) count = await this.ask(machine);
    return count;
  }

  get count(): number {
    const { applications } = this.host.snapshot();
    const { applicationId } = CLIENT_PRODUCT;
    return applications.find((one) => one.applicationId === applicationId)?.count ?? 0;
  }
}

async function boxWithThree(): Promise<Box> {
  const box = new Box();
  await box.start();
  expect(await box.askAll(0, 1, 2)).toBe(3);
  return box;
}

for (const [direction, jump] of [
  ["forward", 400 * DAY],
  ["backward", -400 * DAY],
] as const) {
  describe(`REPORT-3: a clock that jumps ${direction}`, () => {
    test("expires nobody, while it is wrong and when it is right again", async () => {
      const box = await boxWithThree();
      box.offset += jump;
      expect(box.count).toBe(3);
      expect(await box.ask(3)).toBe(4);
      box.monotonic += HOUR;
      box.offset -= jump;
      expect(await box.ask(4)).toBe(5);
      box.monotonic += 29 * DAY;
      expect(box.count).toBe(5);
    });

    test("expires nobody at a restart meanwhile, and at one after", async () => {
      const box = await boxWithThree();
      box.offset += jump;
      expect(await box.ask(3)).toBe(4);
      await box.restart();
      expect(box.clock.doubt()).toBeDefined();
      expect(await box.ask(4)).toBe(5);
      box.offset -= jump;
      await box.restart();
      expect(box.clock.doubt()).toBeUndefined();
      expect(await box.ask(5)).toBe(6);
    });

    test("at a start expires nobody", async () => {
      const box = await boxWithThree();
      await box.stop();
      closers.pop();
      box.offset += jump;
      await box.start();
      expect(box.count).toBe(3);
      expect(await box.ask(3)).toBe(4);
    });

    test("once confirmed, records expire by it, and those of its time live on", async () => {
      const box = await boxWithThree();
      box.offset += jump;
      expect(await box.ask(3)).toBe(4);
      box.clock.confirm();
      // Forward: the first three are of long ago. Backward: all are as if made now.
      expect(await box.ask(4)).toBe(jump > 0 ? 2 : 5);
      box.monotonic += 29 * DAY;
      expect(box.count).toBe(jump > 0 ? 2 : 5);
      box.monotonic += 2 * DAY;
      expect(box.count).toBe(0);
    });

    test("expiry goes on by the believed time meanwhile", async () => {
      const box = await boxWithThree();
      box.monotonic += 20 * DAY;
      expect(await box.ask(0)).toBe(3);
      box.offset += jump;
      box.monotonic += 11 * DAY;
      expect(box.count).toBe(1);
    });

    test("the log says what the clock said, the inventory what is believed at least", async () => {
      const box = await boxWithThree();
      box.offset += jump;
      await box.ask(0);
      const [event] = (await box.store.events({ limit: 1 })).items;
      expect(event?.time).toBe(NOW + jump);
      const { items } = await box.store.clients({ namePrefix: "MACHINE-0" });
      expect(items[0]?.lastSeen).toBe(Math.max(NOW, NOW + jump));
    });
  });
}
