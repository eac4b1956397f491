import { describe, expect, test } from "bun:test";
import type { ControlActions } from "../../src/control/actions.ts";
import { createControlApp, type DrainReport } from "../../src/control/app.ts";
import { fail, ok } from "../../src/platform/result.ts";

const APPLICATION = "0ff1ce15-a989-479d-af46-f275c6370663";
const SINCE = Date.UTC(2026, 2, 4);

/** An appliance that remembers what it was asked to do. */
function controlled(changes: Partial<ControlActions> = {}) {
  const done: unknown[] = [];
  const note = <Value>(what: unknown[], value: Value) => {
    done.push(what);
    return Promise.resolve(ok(value));
  };
  const actions: ControlActions = {
    drain: () => undefined,
    clientsToMove: async () => 7,
    beginDrain: (milliseconds) => note(["drain", milliseconds], { since: SINCE, until: undefined }),
    endDrain: () => note(["end"], undefined),
    resetCount: (applicationId) => note(["reset", applicationId], [APPLICATION]),
    reload: () => note(["reload"], undefined),
    backup: (path) => note(["backup", path], 4096),
    ...changes,
  };
  const errors: Error[] = [];
  const app = createControlApp(actions, (error) => errors.push(error));
  const call = async (method: string, path: string, content?: unknown) => {
    const body = typeof content === "string" ? content : JSON.stringify(content);
    const response = await app.request(path, {
      method,
      ...(content === undefined ? {} : { body }),
    });
    return { status: response.status, value: (await response.json()) as Record<string, unknown> };
  };
  return { call, done, errors };
}

const DRAINED: Partial<ControlActions> = {
  drain: () => ({ since: SINCE, until: SINCE + 604_800_000 }),
};

describe("drain (HOST-12)", () => {
  test("begins for so many seconds, or until it is ended", async () => {
    const { call, done } = controlled(DRAINED);
    const report = {
      draining: true,
      since: "2026-03-04T00:00:00.000Z",
      until: "2026-03-11T00:00:00.000Z",
      clientsToMove: 7,
    } satisfies DrainReport;
    expect(await call("POST", "/drain", { seconds: 604_800 })).toEqual({
      status: 200,
      value: report,
    });
    await call("POST", "/drain", {});
    expect(done).toEqual([
      ["drain", 604_800_000],
      ["drain", undefined],
    ]);
  });

  test("ends, and is shown without change", async () => {
    const { call, done } = controlled();
    const kept = { draining: false, since: null, until: null, clientsToMove: null };
    expect((await call("GET", "/drain")).value).toEqual(kept);
    expect(done).toEqual([]);
    expect((await call("DELETE", "/drain")).value).toEqual(kept);
    expect(done).toEqual([["end"]]);
  });

  test("says that the store cannot tell how many are left", async () => {
    const { call } = controlled({ ...DRAINED, clientsToMove: async () => undefined });
    expect((await call("GET", "/drain")).value["clientsToMove"]).toBeNull();
  });
});

test("reset-count of one application or of all (COUNT-12)", async () => {
  const { call, done } = controlled();
  const { value } = await call("POST", "/reset-count", {
    applicationId: APPLICATION.toUpperCase(),
  });
  expect(value).toEqual({ applications: [APPLICATION] });
  await call("POST", "/reset-count", {});
  expect(done).toEqual([
    ["reset", APPLICATION],
    ["reset", undefined],
  ]);
});

test("reload, and backup to an absolute path (STORE-4)", async () => {
  const { call, done } = controlled();
  expect(await call("POST", "/reload")).toEqual({ status: 200, value: { reloaded: true } });
  expect((await call("POST", "/backup", { path: "/mnt/copy.db" })).value).toEqual({
    path: "/mnt/copy.db",
    octets: 4096,
  });
  expect(done).toEqual([["reload"], ["backup", "/mnt/copy.db"]]);
});

describe("what cannot be done changes nothing and says why", () => {
  const invalid: readonly (readonly [string, unknown])[] = [
    ["/drain", { seconds: 0 }],
    ["/drain", { seconds: 1.5 }],
    ["/drain", { seconds: 1e12 }],
    ["/drain", { minutes: 5 }],
    ["/drain", "{"],
    ["/drain", ""],
    ["/reset-count", { applicationId: "all" }],
    ["/reset-count", []],
    ["/backup", {}],
    ["/backup", { path: "relative.db" }],
    ["/backup", { path: "/a\0b" }],
  ];
  for (const [path, content] of invalid) {
    test(`${path} ${JSON.stringify(content)}: 400`, async () => {
      const { call, done } = controlled();
      const { status, value } = await call("POST", path, content);
      expect([status, value["type"]]).toEqual([400, "/problems/invalid-request"]);
      expect(done).toEqual([]);
    });
  }

  test("a refusal: 503 with its words", async () => {
    const refuse = () => Promise.resolve(fail("the medium is full"));
    const { call } = controlled({
      beginDrain: refuse,
      endDrain: refuse,
      resetCount: refuse,
      reload: refuse,
      backup: refuse,
    });
    for (const [method, path, content] of [
      ["POST", "/drain", {}],
      ["DELETE", "/drain", undefined],
      ["POST", "/reset-count", {}],
      ["POST", "/reload", undefined],
      ["POST", "/backup", { path: "/x" }],
    ] as const) {
      const { status, value } = await call(method, path, content);
      expect([status, value["detail"]]).toEqual([503, "the medium is full"]);
    }
  });

  test("a defect: 500, told to the log and not to the caller", async () => {
    const { call, errors } = controlled({ reload: () => Promise.reject(new Error("defect")) });
    const { status, value } = await call("POST", "/reload");
    expect(status).toBe(500);
    expect(JSON.stringify(value)).not.toContain("defect");
    expect(errors.map(({ message }) => message)).toEqual(["defect"]);
  });

  test("another path: 404", async () => {
    expect((await controlled().call("GET", "/")).status).toBe(404);
  });
});
