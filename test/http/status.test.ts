import { describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import {
  CLIENT_APPLICATION,
  HOSTILE_NAME,
  OTHER_APPLICATION,
  SOURCES,
  STATUS,
  sourcesWith,
} from "./sources.ts";

const app = createHttpApp(SOURCES);

describe("GET /status", () => {
  test("says every figure under the names that scripts rely on (REPORT-4)", async () => {
    const response = await app.request("/status");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      name: "lab-box",
      version: "0.1.0",
      startedAt: "2026-03-03T03:03:03.000Z",
      uptimeSeconds: 93_784,
      hostTime: "2026-03-04T05:06:07.000Z",
      count: 27,
      cacheCapacity: 50,
      clientsKnown: 31,
      requests: {
        total: 9826,
        failed: 7402,
        byLicenceState: {
          unlicensed: 1,
          licensed: 252,
          initialGrace: 2040,
          outOfTolerance: 18,
          nonGenuineGrace: 2,
          notification: 114,
        },
      },
      applications: [
        {
          applicationId: OTHER_APPLICATION,
          count: 4,
          cacheCapacity: 10,
          largestRequiredCount: 5,
          products: ["Office"],
        },
        {
          applicationId: CLIENT_APPLICATION,
          count: 27,
          cacheCapacity: 50,
          largestRequiredCount: 25,
          products: ["Desktop", "Server"],
        },
      ],
      countingPolicy: "all",
      intervals: { activationMinutes: 120, renewalMinutes: 10_080 },
      host: {
        name: "muster activation host",
        description: "muster volume activation, VOLUME_KMS_C channel, self-issued",
        activationId: "3b0826e1-df48-4858-ba8d-9ba943e5e693",
        applicationId: "cbb68449-f7dd-4f21-81c5-3f5bd8743f8e",
        hostId: "00112233445566778899aabbccddeeff",
        extendedPid: "55041-00168-006-800005-03-1033-7600.0000-2712009",
        installationId: "013961616066904156972271485832410721781255201095246196",
        partialProductKey: "CQ3KB",
        group: "serverC",
        licenceStatus: "licensed",
        licenceReason: null,
        selfIssued: true,
        remainingRearms: 3,
      },
      rpc: {
        serving: true,
        draining: false,
        endpoints: ["127.0.0.1:1688", "[::1]:1688"],
        connections: 3,
        priority: "normal",
      },
      drain: null,
      dns: {
        enabled: true,
        publishing: true,
        zones: ["lab.example"],
        endpoints: ["127.0.0.1:5353"],
      },
      store: { state: "ok", reason: null, path: "muster.sqlite" },
      warnings: [],
    });
  });

  test("says 0 where no application is known", async () => {
    const empty = createHttpApp(sourcesWith({ applications: [] }));
    const body = await (await empty.request("/status")).json();
    expect(body).toMatchObject({ count: 0, cacheCapacity: 0, applications: [] });
  });

  test("takes the first of applications with equal counts", async () => {
    const applications = STATUS.applications.map((application) => ({ ...application, count: 4 }));
    const equal = createHttpApp(sourcesWith({ applications }));
    expect(await (await equal.request("/status")).json()).toMatchObject({
      count: 4,
      cacheCapacity: 10,
    });
  });

  test("says null for what a store that fails cannot say (STORE-6)", async () => {
    const store = { state: "failed", reason: "corrupt", path: "muster.sqlite" } as const;
    const failing = createHttpApp(sourcesWith({ store, clientsKnown: undefined }));
    expect(await (await failing.request("/status")).json()).toMatchObject({
      clientsKnown: null,
      store,
    });
    expect(await (await failing.request("/")).text()).toContain("unknown how many known");
  });

  test("is never kept by anyone", async () => {
    const response = await app.request("/status");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.has("etag")).toBe(false);
  });

  test("keeps a hostile name as data", async () => {
    const hostile = createHttpApp(sourcesWith({ name: HOSTILE_NAME }));
    expect(await (await hostile.request("/status")).json()).toMatchObject({ name: HOSTILE_NAME });
  });
});

describe("GET /status.txt", () => {
  const report = async (changes = {}) =>
    (await createHttpApp(sourcesWith(changes)).request("/status.txt")).text();

  test("has the lines of /dlv in their order and wording (HOST-9)", async () => {
    const applications = STATUS.applications.map((application) => {
      const count = application.applicationId === CLIENT_APPLICATION ? 27 : 0;
      return { ...application, count };
    });
    expect(await report({ applications })).toBe(`Software licensing service version: 0.1.0

Name: muster activation host
Description: muster volume activation, VOLUME_KMS_C channel, self-issued
Activation ID: 3b0826e1-df48-4858-ba8d-9ba943e5e693
Application ID: cbb68449-f7dd-4f21-81c5-3f5bd8743f8e
Extended PID: 55041-00168-006-800005-03-1033-7600.0000-2712009
Installation ID: 013961616066904156972271485832410721781255201095246196
Partial Product Key: CQ3KB
License Status: Licensed
Remaining rearm count: 3
Trusted time: 2026-03-04T05:06:07.000Z

Key Management Service is enabled on this machine
Current count: 27
Listening on Port: 1688
DNS publishing enabled
KMS priority: Normal

Key Management Service cumulative requests received from clients
Total requests received: 9826
Failed requests received: 7402
Requests with License Status Unlicensed: 1
Requests with License Status Licensed: 252
Requests with License Status Initial grace period: 2040
Requests with License Status License expired or Hardware out of tolerance: 18
Requests with License Status Non-genuine grace period: 2
Requests with License Status Notification: 114
`);
  });

  test("adds each application's count where several have clients (COUNT-5)", async () => {
    expect(await report()).toEndWith(`Notification: 114

Application ID: ${OTHER_APPLICATION}
Current count: 4

Application ID: ${CLIENT_APPLICATION}
Current count: 27
`);
  });

  test("says self-issued whatever the description (TRUST-3)", async () => {
    const host = { ...STATUS.host, description: "a host" };
    expect(await report({ host })).toContain("\nDescription: a host, self-issued\n");
    const licensed = { ...host, selfIssued: false };
    expect(await report({ host: licensed })).not.toContain("self-issued");
  });

  test("says what does not work (HOST-7, DNS-5, HOST-12)", async () => {
    const text = await report({
      host: { ...STATUS.host, licenceStatus: "notification", licenceReason: "it expired" },
      rpc: { ...STATUS.rpc, serving: false, endpoints: [], priority: "low" },
      dns: { ...STATUS.dns, publishing: false },
    });
    expect(text).toContain("\nLicense Status: Notification\nNotification Reason: it expired\n");
    expect(text).toContain("\nKey Management Service is disabled on this machine\n");
    expect(text).toContain(
      "\nListening on Port: none\nDNS publishing disabled\nKMS priority: Low\n",
    );
  });

  test("lists the ports where there are several", async () => {
    const endpoints = [
      { address: "127.0.0.1", port: 1688 },
      { address: "::1", port: 1700 },
    ];
    const text = await report({ rpc: { ...STATUS.rpc, endpoints } });
    expect(text).toContain("\nListening on Port: 1688, 1700\n");
  });

  test("keeps a hostile text within its line", async () => {
    const text = await report({ host: { ...STATUS.host, extendedPid: HOSTILE_NAME } });
    const lines = text.split("\n").filter((line) => line.startsWith("Extended PID: "));
    expect(lines).toEqual([
      `Extended PID: <img src=x onerror="alert(1)">\\x1b[2J\\u202egnp.exe\\u2028\\r\\nX: 1'&`,
    ]);
  });
});
