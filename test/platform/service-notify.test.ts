import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openServiceNotifier } from "../../src/platform/service-notify.ts";
import { pythonPeer } from "../support/peers.ts";
import { scratchDirectory } from "../support/scratch.ts";

/** Neither Bun nor Node can open the other end either. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
for _ in range(int(sys.argv[2])):
    print(s.recv(4096).decode().replace("\\n", "|"), flush=True)
`;

const directory = scratchDirectory("notify");
const python = pythonPeer("socket");
const receivers: Bun.Subprocess[] = [];
afterAll(() => {
  for (const receiver of receivers) receiver.kill();
});

/** Starts the manager's end, lets `send` speak once it is bound, and gives what arrived. */
async function received(name: string, count: number, send: () => void): Promise<readonly string[]> {
  const receiver = Bun.spawn([python ?? "", "-c", RECEIVER, name, String(count)], {
    stdout: "pipe",
  });
  receivers.push(receiver);
  const reader = receiver.stdout.getReader();
  let text = new TextDecoder().decode((await reader.read()).value);
  send();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  return text.trim().split("\n").slice(1);
}

describe.skipIf(python === undefined)("what the service manager hears (sd_notify(3))", () => {
  for (const name of [join(directory, "notify"), `@muster-test-${process.pid}`]) {
    test(`at ${name.startsWith("@") ? "an abstract name" : "a path"}`, async () => {
      const notifier = openServiceNotifier({ NOTIFY_SOCKET: name }, 1);
      const heard = await received(name, 3, () => {
        notifier.ready("serving\nforged=1");
        notifier.watchdog();
        notifier.stopping();
      });
      expect(heard).toEqual(["READY=1|STATUS=serving forged=1", "WATCHDOG=1", "STOPPING=1"]);
    });
  }
});

describe("without a service manager", () => {
  test("nothing is sent and nothing fails", () => {
    for (const name of [
      undefined,
      "",
      "relative",
      `/${"x".repeat(200)}`,
      join(directory, "none"),
    ]) {
      const notifier = openServiceNotifier({ NOTIFY_SOCKET: name }, 1);
      expect(() => notifier.ready("serving")).not.toThrow();
    }
  });
});

describe("the watchdog (sd_watchdog_enabled(3))", () => {
  const cases: readonly (readonly [
    environment: Readonly<Record<string, string>>,
    milliseconds: number | undefined,
  ])[] = [
    [{ WATCHDOG_USEC: "30000000" }, 15_000],
    [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }, 15_000],
    [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }, undefined],
    [{ WATCHDOG_USEC: "0" }, undefined],
    [{ WATCHDOG_USEC: "soon" }, undefined],
    [{}, undefined],
  ];
  for (const [environment, milliseconds] of cases) {
    test(`${JSON.stringify(environment)}: ${milliseconds}`, () => {
      const notifier = openServiceNotifier({ NOTIFY_SOCKET: "@x", ...environment }, 7);
      expect(notifier.watchdogMilliseconds).toBe(milliseconds);
    });
  }
});
