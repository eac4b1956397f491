import { describe, expect, test } from "bun:test";
import { stringify } from "smol-toml";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { type Appliance, startAppliance } from "../../src/appliance.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { writeGuid } from "../../src/protocol/guid.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { FakeUpstream, outStub } from "./fake-upstream.ts";
import {
  CMID,
  connectMicrosoft,
  deafPort,
  inStub,
  OPAQUE_REQUEST,
  readableRequest,
  replyBeginning,
} from "./harness.ts";

const directory = scratchDirectory("relay");
let appliances = 0;

/** A whole appliance on free ports of loopback, with `[relay]` as given. */
async function withAppliance(
  relay: Readonly<Record<string, unknown>>,
  body: (appliance: Appliance, ask: (path: string) => Promise<Response>) => Promise<void>,
): Promise<void> {
  appliances += 1;
  const listen = ["127.0.0.1:0"];
  const data = `${directory}/${appliances}`;
  const text = stringify({
    appliance: { name: "box", data_directory: data },
    rpc: { listen },
    dns: { listen },
    http: { listen },
    relay,
  });
  const surroundings = { hostName: "box", baseDirectory: data };
  const loaded = loadConfiguration({ text, environment: {}, settings: [], ...surroundings });
  if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
  const appliance = await startAppliance(loaded.value.configuration);
  const [http] = appliance.listening.http;
  try {
    await body(appliance, (path) => fetch(`http://${http && formatEndpoint(http)}${path}`));
  } finally {
    await appliance.stop();
  }
}

async function call(appliance: Appliance, ...data: readonly Uint8Array[]): Promise<void> {
  const caller = await connectMicrosoft(appliance.listening.rpc[0]?.port ?? 0);
  for (const octets of data) await caller.call(0, inStub(octets));
  caller.close();
}

type Ask = (path: string) => Promise<Response>;
type Item = Readonly<Record<string, unknown>>;

/** Asks until so many are there: the log is written behind the answer. */
async function items(ask: Ask, path: string, wanted: number): Promise<readonly Item[]> {
  for (;;) {
    const found = ((await (await ask(path)).json()) as { items: readonly Item[] }).items;
    if (found.length >= wanted) return found;
    await Bun.sleep(1);
  }
}

const metric = async (ask: Ask, line: string): Promise<boolean> =>
  (await (await ask("/metrics")).text()).split("\n").includes(line);

/** Asks until health is as wanted, as a monitor does. */
async function readiness(ask: Ask, status: number): Promise<unknown> {
  for (;;) {
    const response = await ask("/readyz");
    const report = (await response.json()) as { parts: readonly { part: string }[] };
    if (response.status === status) return report.parts.find(({ part }) => part === "relay");
    await Bun.sleep(1);
  }
}

describe("RELAY-1: an appliance that is told nothing observes", () => {
  test("RELAY-4: inventory, log and metrics have it, marked; the count never does", () =>
    withAppliance({}, async (appliance, ask) => {
      // Even one that names this domain's own application, and is unique each time.
      const applicationId = DEFAULT_CATALOGUE[0]?.applicationId ?? "";
      const requests = Array.from({ length: 5 }, (_, index) => {
        const cmid = new Uint8Array(16).fill(index + 1);
        const request = readableRequest(`LAB-${index}`, { cmid });
        writeGuid(request, 16, applicationId);
        return request;
      });
      await call(appliance, ...requests, OPAQUE_REQUEST);
      const events = await items(ask, "/api/v1/events?code=12290", 6);
      expect(new Set(events.map(({ source, result }) => `${source} ${result}`))).toEqual(
        new Set(["observed 0xc004f042"]),
      );
      expect(events[0]).toMatchObject({ cmid: null, detail: '{"version":"6.0","octets":260}' });
      const clients = await items(ask, "/api/v1/clients?source=observed", 5);
      expect(clients.map(({ machineName }) => machineName).toSorted()).toEqual(
        requests.map((_, index) => `LAB-${index}`),
      );
      const status = await (await ask("/status")).json();
      expect(status).toMatchObject({ count: 0, requests: { total: 0, failed: 0 } });
      expect(await metric(ask, 'muster_relay_calls_total{outcome="observed"} 6')).toBe(true);
      const ready = (await (await ask("/readyz")).json()) as { parts: readonly Item[] };
      expect(ready.parts.map(({ part }) => part)).not.toContain("relay");
    }));

  test("COUNT-10: an image that was cloned is seen under all its names", () =>
    withAppliance({}, async (appliance, ask) => {
      await call(
        appliance,
        readableRequest("PC-1"),
        readableRequest("PC-2"),
        readableRequest("PC-1"),
      );
      await items(ask, "/api/v1/events?code=12290", 3);
      const clients = await items(ask, "/api/v1/clients?source=observed", 1);
      expect(clients).toHaveLength(1);
      expect(clients[0]).toMatchObject({ cmid: CMID, namesSeen: 2, requests: 3, failed: 3 });
    }));
});

describe("RELAY-3: an appliance that relays", () => {
  test("passes on, logs beside the request what came back, and never counts", async () => {
    const upstream = new FakeUpstream({ answer: () => ({ stub: outStub(replyBeginning(31)) }) });
    const relay = { mode: "relay", upstreams: [upstream.name] };
    await withAppliance(relay, async (appliance, ask) => {
      expect(await readiness(ask, 200)).toEqual({ part: "relay", ready: true });
      await call(appliance, readableRequest("PC-7"));
      const clients = await items(ask, "/api/v1/clients?source=relayed", 1);
      expect(clients[0]).toMatchObject({ machineName: "PC-7", lastCount: 31, failed: 0 });
      expect(await (await ask("/status")).json()).toMatchObject({ count: 0 });
      expect(await metric(ask, 'muster_relay_calls_total{outcome="answered"} 1')).toBe(true);
      const up = `muster_relay_upstream_up{upstream="${upstream.name}"} 1`;
      expect(await metric(ask, up)).toBe(true);
    });
    upstream.stop();
  });

  test("says in /readyz, in the log and in metrics that its licensed host is down", async () => {
    const name = `127.0.0.1:${deafPort()}`;
    await withAppliance({ mode: "relay", upstreams: [name] }, async (appliance, ask) => {
      const reason = `${name}: cannot connect: ECONNREFUSED`;
      expect(await readiness(ask, 503)).toEqual({ part: "relay", ready: false, reason });
      const [event] = await items(ask, "/api/v1/events?code=13010", 1);
      expect(event).toMatchObject({ result: "0x800706ba", source: null });
      expect(await metric(ask, `muster_relay_upstream_up{upstream="${name}"} 0`)).toBe(true);
      // This domain's own clients are served all the same.
      const status = (await (await ask("/status")).json()) as { rpc: { serving: boolean } };
      expect(status.rpc.serving).toBe(true);
      expect(await appliance.isHealthy()).toBe(true);
    });
  });
});
