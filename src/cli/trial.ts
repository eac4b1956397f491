/**
 * A trial: everything on loopback, on ports that need no privilege, in a scratch folder that goes
 * with it. Where one of the usual ports is taken, the next free one.
 */
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigurationFile } from "../config/file.ts";

const ADDRESS = "127.0.0.1";
const PORTS = { rpc: 1688, dns: 1053, http: 8080 } as const;
/** How many ports in a row are tried. */
const ATTEMPTS = 32;

export type Trial = {
  readonly file: ConfigurationFile;
  /** Removes the scratch folder. */
  readonly discard: () => void;
};

export async function prepareTrial(): Promise<Trial> {
  const directory = mkdtempSync(join(tmpdir(), "muster-trial-"));
  const listen = async (first: number): Promise<string> =>
    `["${ADDRESS}:${await freePort(first)}"]`;
  const lines = [
    "[appliance]",
    'name = "muster"',
    `data_directory = ${JSON.stringify(directory)}`,
    "[rpc]",
    `listen = ${await listen(PORTS.rpc)}`,
    "[dns]",
    `listen = ${await listen(PORTS.dns)}`,
    "[http]",
    `listen = ${await listen(PORTS.http)}`,
  ];
  return {
    file: { name: "trial", text: lines.join("\n"), directory },
    discard: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** `first`, or the next above it that is free; `first` where none is, for its error says why. */
async function freePort(first: number): Promise<number> {
  for (let port = first; port < first + ATTEMPTS; port += 1) {
    if ((await isTcpFree(port)) && (await isUdpFree(port))) return port;
  }
  return first;
}

function isTcpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // A client that is already trying this port must not keep the probe open.
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(false));
    server.listen({ host: ADDRESS, port, exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

function isUdpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind({ address: ADDRESS, port, exclusive: true }, () => {
      socket.close(() => resolve(true));
    });
  });
}
