/** Requests that are well formed as RPC and try the host otherwise: ids, texts, times. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { encodeRequest } from "../../src/protocol/request.ts";
import { ask, askOctets, newRequest } from "../support/callers.ts";
import {
  executable,
  type RunningAppliance,
  runExecutable,
  startExecutable,
} from "../support/executable.ts";
import { configurationText, get, getItems, getStatus, only } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
const MALFORMED = 0x8007000d;
const PRODUCT_NOT_SERVED = 0xc004f042;
const ZERO = "00000000-0000-0000-0000-000000000000";

let appliance: RunningAppliance;
const rpc = () => only(appliance.listening.rpc);
beforeAll(async () => {
  executable();
  appliance = await startExecutable({
    configuration: configurationText({ log: { level: "debug" } }),
  });
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(async () => {
  expect(await appliance.stop()).toBe(0);
});

async function requestsSoFar(): Promise<{ readonly total: number; readonly failed: number }> {
  const { requests } = await getStatus(appliance);
  return { total: requests.total, failed: requests.failed };
}

describe("ids", () => {
  for (const field of ["cmid", "applicationId", "activationId"] as const) {
    test(`${field} of zeros: refused, logged, counted as failed, not counted`, async () => {
      const before = await requestsSoFar();
      const { count } = await getStatus(appliance);
      const answer = await ask(rpc(), newRequest({ [field]: ZERO, machineName: `ZERO ${field}` }));
      expect(answer).toEqual({ hresult: MALFORMED, count: undefined });
      expect(await requestsSoFar()).toEqual({ total: before.total + 1, failed: before.failed + 1 });
      expect((await getStatus(appliance)).count).toBe(count);
      const [event] = await getItems(appliance, "/api/v1/events?limit=1&code=12290");
      expect(event).toMatchObject({ machineName: `ZERO ${field}`, result: "0x8007000d" });
    });
  }

  test("a CMID of zeros from a client process: exit code 11", () => {
    const server = ["--server", formatEndpoint(rpc())];
    const command = ["client", "activate", ...server, "--cmid", ZERO, "--json"];
    const { exitCode, stdout } = runExecutable(command);
    expect([exitCode, JSON.parse(stdout).result]).toEqual([11, "0x8007000d"]);
  });

  test("a product that nobody knows: refused, and no room is made for it (HOST-6)", async () => {
    const { count, applications } = await getStatus(appliance);
    const strange = { applicationId: crypto.randomUUID(), activationId: crypto.randomUUID() };
    const answer = await ask(rpc(), newRequest({ ...strange, requiredCount: 0xffff_ffff }));
    expect(answer.hresult).toBe(PRODUCT_NOT_SERVED);
    expect(await getStatus(appliance)).toMatchObject({ count, applications });
  });
});

describe("octets that are no request", () => {
  const octets = () => encodeRequest(newRequest({ machineName: "NAME" }));
  const patched = (offset: number, value: number) => {
    const copy = octets();
    copy[offset] = value;
    return copy;
  };
  for (const [title, make] of [
    ["none", () => new Uint8Array()],
    ["version 0", () => patched(0, 0)],
    ["version 2", () => patched(0, 2)],
    ["unknown flags", () => patched(1, 0x80)],
    ["licence state 6", () => patched(2, 6)],
    ["a name longer than it is", () => patched(3, 5)],
    ["a name shorter than it is", () => patched(3, 3)],
    ["a name of 255", () => patched(3, 255)],
    ["a name that is no UTF-8", () => patched(84, 0xff)],
    ["cut off", () => octets().slice(0, 83)],
    ["512 of noise", () => Uint8Array.from({ length: 512 }, (_, index) => (index * 31) % 256)],
  ] as const) {
    test(title, async () => {
      const before = await requestsSoFar();
      expect((await askOctets(rpc(), make())).hresult).toBe(MALFORMED);
      expect(await requestsSoFar()).toEqual({ total: before.total + 1, failed: before.failed + 1 });
    });
  }
});

describe("times by the client's clock", () => {
  /** Little-endian, as the field stands at octet 60. */
  const withTime = (milliseconds: bigint) => {
    const octets = encodeRequest(newRequest({ machineName: `TIME ${milliseconds}` }));
    new DataView(octets.buffer).setBigInt64(60, milliseconds, true);
    return octets;
  };

  test("1601, before what the field can say: malformed", async () => {
    const answer = await askOctets(rpc(), withTime(BigInt(Date.UTC(1601, 0, 1))));
    expect(answer.hresult).toBe(MALFORMED);
  });

  for (const [title, milliseconds, shown] of [
    ["1970", 0, "1970-01-01T00:00:00.000Z"],
    ["9999", Date.UTC(9999, 11, 31), "9999-12-31T00:00:00.000Z"],
    ["the last of all dates", 8.64e15, "+275760-09-13T00:00:00.000Z"],
  ] as const) {
    test(`${title}: served, and shown as it is`, async () => {
      expect((await askOctets(rpc(), withTime(BigInt(milliseconds)))).hresult).toBe(0);
      const [client] = await getItems(appliance, "/api/v1/clients?limit=1");
      expect(client).toMatchObject({ clientTime: shown });
      const csv = await (
        await get(appliance, "/api/v1/events?limit=1&code=12290&format=csv")
      ).text();
      expect(csv).toContain(shown);
    });
  }

  test("after the last of all dates: malformed", async () => {
    expect((await askOctets(rpc(), withTime(8_640_000_000_000_001n))).hresult).toBe(MALFORMED);
    expect((await askOctets(rpc(), withTime(-1n))).hresult).toBe(MALFORMED);
  });
});
