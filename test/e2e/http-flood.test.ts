/** A flood of connections to the status service takes nothing from activations. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { ask, newRequest } from "../support/callers.ts";
import { executable, startExecutable } from "../support/executable.ts";
import { getStatus, only, waitFor } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
/** Fewer files than the flood has connections. */
const FILES = 640;
const FLOOD = 1000;

beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

test("with 640 files and 1,000 connections that stay open", async () => {
  const appliance = await startExecutable({
    wrapper: ["/bin/sh", "-c", `ulimit -n ${FILES} && exec "$@"`, "sh"],
  });
  const { address, port } = only(appliance.listening.http);
  const open = Array.from({ length: FLOOD }, () => {
    const socket = connect({ host: address, port });
    sockets.push(socket);
    socket.on("error", () => {});
    return new Promise<void>((resolve) => {
      socket.on("connect", () => resolve());
      socket.on("close", () => resolve());
    });
  });
  await Promise.all(open);
  for (let asked = 0; asked < 20; asked += 1) {
    const { hresult } = await ask(only(appliance.listening.rpc), newRequest());
    expect(hresult).toBe(0);
  }
  for (const socket of sockets.splice(0)) socket.destroy();
  const status = await waitFor("a status after the flood", () =>
    getStatus(appliance).catch(() => undefined),
  );
  expect(status.requests.total).toBe(20);
  expect(await appliance.stop()).toBe(0);
}, 60_000);
