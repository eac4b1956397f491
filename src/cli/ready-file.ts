import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { Appliance } from "../appliance.ts";
import { formatEndpoint } from "../platform/endpoint.ts";

/**
 * Tells whoever started us that every listener is open, and where: a contract with scripts. It
 * appears as a whole or not at all.
 *
 *     {"rpc":["127.0.0.1:1688"],"dns":["127.0.0.1:53"],"http":["[::1]:8080"],"pid":4711}
 */
export function writeReadyFile(path: string, listening: Appliance["listening"]): void {
  const scratch = `${path}.${process.pid}`;
  const { rpc, dns, http } = listening;
  const document = {
    rpc: rpc.map(formatEndpoint),
    dns: dns.map(formatEndpoint),
    http: http.map(formatEndpoint),
    pid: process.pid,
  };
  writeFileSync(scratch, `${JSON.stringify(document)}\n`);
  renameSync(scratch, path);
}

export function removeReadyFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What cannot be removed cannot be written either, and writing it says why.
  }
}
