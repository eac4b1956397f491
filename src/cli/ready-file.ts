import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { Appliance } from "../appliance.ts";

/**
 * Tells whoever started us that every listener is open, and where: a JSON document. It appears as a
 * whole or not at all.
 */
export function writeReadyFile(path: string, listening: Appliance["listening"]): void {
  const scratch = `${path}.${process.pid}`;
  writeFileSync(scratch, `${JSON.stringify({ schema: 1, pid: process.pid, listening })}\n`);
  renameSync(scratch, path);
}

export function removeReadyFile(path: string): void {
  rmSync(path, { force: true });
}
