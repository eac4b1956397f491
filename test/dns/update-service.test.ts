/** Updates as the appliance wires them: store that comes back, addresses, the log. */
import { expect, test } from "bun:test";
import { Transport } from "../../src/dns/codes.ts";
import { openUpdateService } from "../../src/dns/update/service.ts";
import type { Zone } from "../../src/dns/zone.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import type { Log } from "../../src/platform/log.ts";
import { headerOf, NOW, testZones } from "./support.ts";
import {
  APEX,
  add,
  BARE,
  grants,
  HOST,
  MASTER,
  MemoryStorage,
  signed,
  update,
} from "./update-support.ts";

type Line = readonly [level: string, message: string, fields: unknown];

async function open() {
  const storage = new MemoryStorage();
  storage.isDown = true;
  const lines: Line[] = [];
  const listeners = new Set<() => void>();
  const write =
    (level: string) =>
    (message: string, fields: unknown): void =>
      void lines.push([level, message, fields]);
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warning: write("warning"),
    error: write("error"),
  };
  const service = await openUpdateService({
    storage: {
      load: storage.load,
      commit: storage.commit,
      onReadable: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    host: HOST,
    keys: [
      { ...MASTER, grants: grants("* ANY") },
      { ...BARE, grants: [] },
    ],
    allows: (address) => address === "192.0.2.7",
    grantsWithoutKey: grants("* A"),
    hmac: systemHmac,
    clock: () => NOW,
    udpPayloadOctets: 1232,
    log,
  });
  let served: readonly Zone[] = [];
  service.serveWith((zones) => {
    served = zones;
  });
  service.setFixed(testZones());
  const send = async (message: Uint8Array, address = "192.0.2.1"): Promise<number> => {
    const peer = { address, port: 1053 };
    return headerOf(await service.handleUpdate(message, peer, Transport.UDP)).rcode;
  };
  const has = (name: string): boolean =>
    served.some((zone) => zone.has(new Uint8Array([name.length, ...Buffer.from(name), ...APEX])));
  return { storage, service, lines, listeners, send, has };
}

test("a store that cannot be read is said, and read when it can be", async () => {
  const { storage, service, lines, listeners, send, has } = await open();
  expect(lines.map(([level]) => level)).toEqual(["error"]);
  const { message } = signed(update({ updates: [add("w1 A 192.0.2.9")] }));
  expect([await send(message), has("kms"), has("w1")]).toEqual([2, true, false]);
  storage.isDown = false;
  for (const listener of listeners) listener();
  // Behind the load, in its turn.
  expect([await send(message), has("w1")]).toEqual([0, true]);
  service.stop();
  expect(listeners.size).toBe(0);
});

test("addresses that may, keys that may not, and what the log says of them", async () => {
  const { storage, lines, listeners, send } = await open();
  storage.isDown = false;
  for (const listener of listeners) listener();
  lines.splice(0);
  const plain = update({ updates: [add("w1 A 192.0.2.9")] });
  expect(await send(plain)).toBe(5);
  expect(await send(plain, "192.0.2.7")).toBe(0);
  expect(await send(update({ updates: [add("w1 TXT x")] }), "192.0.2.7")).toBe(5);
  expect(await send(signed(plain, BARE).message)).toBe(5);
  expect(await send(signed(plain, { ...MASTER, secret: new Uint8Array(9) }).message)).toBe(9);
  expect(await send(signed(plain, MASTER, NOW / 1000 - 4000).message)).toBe(9);
  expect(lines.map(([level, message]) => `${level} ${message}`)).toEqual([
    "debug update",
    "info zone updated",
    "debug update",
    "debug update",
    "debug signature rejected",
    "warning signature rejected",
  ]);
  expect(lines[1]?.[2]).toEqual({
    zone: "kms.test.",
    key: undefined,
    address: "192.0.2.7",
    rcode: "NOERROR",
  });
  expect(JSON.stringify(lines)).not.toContain(MASTER.secret.toBase64());
});
