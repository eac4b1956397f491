/** What a client process and the executable put on the wire. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { TYPE } from "../rpc/octets.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { type OctetProxy, pduTypes, startOctetProxy } from "../support/octet-proxy.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { configurationText, only, runClient } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
/** HOST-4: fewer than this in each direction, TCP aside. */
const OCTETS_LIMIT = 250;
const NAME_OF_15 = "LAB-PC-00000001";

let appliance: RunningAppliance;
let proxy: OctetProxy;
beforeAll(async () => {
  executable();
  appliance = await startExecutable({ configuration: configurationText() });
  proxy = await startOctetProxy(only(appliance.listening.rpc));
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(async () => {
  await proxy.close();
  await appliance.stop();
});

describe("octets of an exchange (HOST-4)", () => {
  const state = join(scratchDirectory("wire"), "client.json");
  const activate = () => {
    const server = formatEndpoint(proxy.endpoint);
    const own = ["--name", NAME_OF_15, "--threshold", "1", "--state", state];
    return runClient(["--server", server, ...own]);
  };

  test("a first activation fetches the licence besides, once", async () => {
    expect((await activate()).exitCode).toBe(0);
    const conversations = proxy.conversations();
    expect(conversations).toHaveLength(1);
    const [{ sent, answered } = NOTHING] = conversations;
    expect(pduTypes(sent).toSorted((a, b) => a - b)).toEqual([
      TYPE.request,
      TYPE.request,
      TYPE.bind,
    ]);
    expect(pduTypes(answered).toSorted((a, b) => a - b)).toEqual([
      TYPE.response,
      TYPE.response,
      TYPE.bindAck,
    ]);
  });

  test("a renewal is one bind and one request, under 250 octets each way", async () => {
    const before = proxy.conversations().length;
    expect((await activate()).exitCode).toBe(0);
    const renewals = proxy.conversations().slice(before);
    expect(renewals).toHaveLength(1);
    const [{ sent, answered } = NOTHING] = renewals;
    expect(pduTypes(sent)).toEqual([TYPE.bind, TYPE.request]);
    expect(pduTypes(answered)).toEqual([TYPE.bindAck, TYPE.response]);
    expect(new TextDecoder("latin1").decode(sent)).toContain(NAME_OF_15);
    // The very figures: a bind of 72 and a request of 132, an ack of 60 and a response of 144.
    expect({ up: sent.length, down: answered.length }).toEqual({ up: 204, down: 204 });
    expect(Math.max(sent.length, answered.length)).toBeLessThan(OCTETS_LIMIT);
  });
});

const NOTHING = { sent: new Uint8Array(), answered: new Uint8Array() };
