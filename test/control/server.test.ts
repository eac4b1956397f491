import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ControlActions } from "../../src/control/actions.ts";
import { callControl } from "../../src/control/client.ts";
import { type ControlServer, listenControl } from "../../src/control/server.ts";
import { socketPath } from "../../src/control/socket-path.ts";
import { ok } from "../../src/platform/result.ts";
import { scratchDirectory } from "../support/scratch.ts";

const directory = scratchDirectory("control");
const done = () => Promise.resolve(ok(undefined));
const ACTIONS: ControlActions = {
  drain: () => undefined,
  clientsToMove: async () => 0,
  beginDrain: async () => ok({ since: 0, until: undefined }),
  endDrain: done,
  resetCount: async () => ok([]),
  reload: done,
  backup: async () => ok(1),
};

const opened: ControlServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function listen(path: string) {
  const listened = await listenControl(path, ACTIONS, () => {});
  if (listened.ok) opened.push(listened.value);
  return listened;
}

const reload = (socket: string) =>
  callControl(
    fetch,
    { socket, method: "POST", path: "/reload" },
    z.object({ reloaded: z.boolean() }),
  );

describe("the control socket", () => {
  test("is its owner's alone: 0600 in a folder of 0700, and goes with the appliance", async () => {
    const path = join(directory, "own", "muster.sock");
    expect((await listen(path)).ok).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "own")).mode & 0o777).toBe(0o700);
    expect(await reload(path)).toEqual({ ok: true, value: { reloaded: true } });
    await opened.pop()?.close();
    expect(existsSync(path)).toBe(false);
  });

  test("is not opened in a folder that others may enter, whose permissions stay", async () => {
    const folder = join(directory, "open");
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const listened = await listen(join(folder, "muster.sock"));
    expect(listened).toMatchObject({ ok: false });
    expect(JSON.stringify(listened)).toContain("is open to others");
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  });

  test("takes the place of one that a killed appliance left, and of nothing else", async () => {
    const folder = join(directory, "stale");
    mkdirSync(folder, { mode: 0o700 });
    const path = join(folder, "muster.sock");
    const child = Bun.spawnSync([
      process.execPath,
      "-e",
      `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`,
    ]);
    expect(child.signalCode).toBe("SIGKILL");
    expect(statSync(path).isSocket()).toBe(true);
    expect((await listen(path)).ok).toBe(true);

    const second = await listen(path);
    expect(JSON.stringify(second)).toContain("another appliance answers");
    expect((await reload(path)).ok).toBe(true);

    const file = join(folder, "file");
    writeFileSync(file, "mine");
    symlinkSync(file, join(folder, "link"));
    for (const name of ["file", "link"]) {
      expect(JSON.stringify(await listen(join(folder, name)))).toContain("is no socket");
    }
    expect(await Bun.file(file).text()).toBe("mine");
  });

  test("of a path that is too long for the system is said to be so", async () => {
    const long = join(directory, "x".repeat(120), "muster.sock");
    expect(JSON.stringify(await listen(long))).toContain("too long for a socket");
    expect(await reload(long)).toMatchObject({ ok: false, error: { kind: "unreachable" } });
    const shorter = "/a".repeat(60);
    expect(socketPath(`${shorter}/s`, shorter)).toBe("s");
    expect(socketPath("/a/s", "/")).toBe("/a/s");
  });
});

describe("a caller", () => {
  test("is told that nobody is there", async () => {
    expect(await reload(join(directory, "none.sock"))).toEqual({
      ok: false,
      error: { kind: "unreachable", reason: "there is no such socket" },
    });
  });

  test("takes no answer that is none of ours", async () => {
    for (const answer of ["<html>", '{"reloaded":"maybe"}']) {
      const called = await callControl(
        async () => new Response(answer),
        { socket: "/x", method: "POST", path: "/reload" },
        z.object({ reloaded: z.boolean() }),
      );
      expect(called).toMatchObject({ ok: false, error: { kind: "unreachable" } });
    }
  });
});
