/** What outlives the process: all that was acknowledged (STORE-1, HOST-8, COUNT-12). */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { EVENT_CODE } from "../../src/activation/events.ts";
import type { StatusView } from "../../src/http/status-view.ts";
import { askAll, newRequest } from "../support/callers.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { configurationText, getItems, getStatus, only } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

type Kept = {
  readonly status: Pick<StatusView, "count" | "clientsKnown" | "requests" | "applications">;
  readonly host: unknown;
  readonly clients: readonly Record<string, unknown>[];
  readonly events: readonly Record<string, unknown>[];
};

async function look(appliance: RunningAppliance): Promise<Kept> {
  const status = await getStatus(appliance);
  const { count, clientsKnown, requests, applications, host } = status;
  return {
    status: { count, clientsKnown, requests, applications },
    host,
    clients: await getItems(appliance, "/api/v1/clients?limit=100"),
    events: await getItems(appliance, `/api/v1/events?limit=100&code=${EVENT_CODE.requestHandled}`),
  };
}

/** Forty clients, one of them twice, and one that is refused (HOST-6). */
async function load(appliance: RunningAppliance): Promise<void> {
  const requests = Array.from({ length: 39 }, (_, index) =>
    newRequest({ machineName: `PC-${index}`, licenceState: index % 2 === 0 ? 1 : 2 }),
  );
  const [first = newRequest()] = requests;
  const unknown = newRequest({ activationId: crypto.randomUUID() });
  await askAll(only(appliance.listening.rpc), [...requests, first, unknown]);
}

describe("a restart", () => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    test(`after ${signal} keeps count, inventory, figures, events and identity`, async () => {
      const directory = scratchDirectory(`restart-${signal}`);
      const configuration = configurationText();
      const first = await startExecutable({ directory, configuration });
      await load(first);
      const before = await look(first);
      expect(before.status).toMatchObject({
        count: 39,
        clientsKnown: 40,
        requests: { total: 41, failed: 1, byLicenceState: { licensed: 21, initialGrace: 19 } },
      });
      expect([before.clients.length, before.events.length]).toEqual([40, 41]);
      first.signal(signal);
      expect(await first.ended).toBe(signal === "SIGTERM" ? 0 : null);

      const second = await startExecutable({ directory, configuration });
      expect(await look(second)).toEqual(before);
      await load(second);
      expect(await getStatus(second)).toMatchObject({ count: 50, clientsKnown: 80 });
      expect(await second.stop()).toBe(0);
    });
  }

  test("starts from zero where the file says so; the rest stays (COUNT-12)", async () => {
    const directory = scratchDirectory("restart-reset");
    const configuration = configurationText({ activation: { reset_at_start: true } });
    const first = await startExecutable({ directory, configuration });
    await load(first);
    const before = await look(first);
    expect(await first.stop()).toBe(0);

    const second = await startExecutable({ directory, configuration });
    const after = await look(second);
    const { clientsKnown, requests } = before.status;
    expect(after.status).toMatchObject({ count: 0, clientsKnown, requests });
    expect([after.host, after.clients]).toEqual([before.host, before.clients]);
    expect(after.events).toEqual([...before.events]);
    const resets = await getItems(second, `/api/v1/events?code=${EVENT_CODE.countReset}`);
    expect(resets.map(({ result }) => result)).toEqual(["0x00000000", "0x00000000"]);
    expect(await second.stop()).toBe(0);
  });
});
