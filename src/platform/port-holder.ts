/**
 * Which process holds a port, by /proc (proc(5), proc_net(5)). Linux; elsewhere nothing is found.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export type PortHolder = {
  readonly processId: number;
  /** As the kernel cuts it: at most 15 characters. Untrusted: a process names itself. */
  readonly name: string;
};

/** Processes that listen on the port; those of other users are only seen by root. */
export function findPortHolders(port: number, procDirectory = "/proc"): readonly PortHolder[] {
  const sockets = new Set<string>();
  for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
    for (const inode of readSocketTable(procDirectory, table, port)) {
      sockets.add(`socket:[${inode}]`);
    }
  }
  if (sockets.size === 0) return [];
  return listNumeric(procDirectory).flatMap((processId) =>
    holdsOneOf(sockets, join(procDirectory, processId, "fd"))
      ? [{ processId: Number(processId), name: readName(procDirectory, processId) }]
      : [],
  );
}

const TCP_LISTEN = "0A";

/** Inodes of the sockets that are bound to the port; of TCP only those that listen. */
function readSocketTable(procDirectory: string, table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readOr(join(procDirectory, "net", table))
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const columns = line.trim().split(/\s+/);
      const [, local = "", , state = ""] = columns;
      const bound = local.endsWith(suffix) && (table.startsWith("udp") || state === TCP_LISTEN);
      const inode = columns[9];
      return bound && inode !== undefined && inode !== "0" ? [inode] : [];
    });
}

function holdsOneOf(sockets: ReadonlySet<string>, directory: string): boolean {
  return listNumeric(directory).some((descriptor) => {
    try {
      return sockets.has(readlinkSync(join(directory, descriptor)));
    } catch {
      return false;
    }
  });
}

/** Empty where the folder is not ours to read, or its process has ended. */
function listNumeric(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .sort(byNumber);
  } catch {
    return [];
  }
}

function byNumber(left: string, right: string): number {
  return Number(left) - Number(right);
}

function readName(procDirectory: string, processId: string): string {
  return readOr(join(procDirectory, processId, "comm")).trim() || "?";
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
