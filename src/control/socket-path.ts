import { relative } from "node:path";

/** `sun_path` of Linux is 108 octets with its NUL; that of others is shorter by four. */
const PATH_OCTETS_MAXIMUM = 103;

/**
 * The path as the system takes it for a socket: itself or, where that is too long, from the
 * current folder. Undefined where both are too long.
 */
export function socketPath(path: string, currentDirectory: string): string | undefined {
  const candidates = [path, relative(currentDirectory, path)];
  return candidates.find((candidate) => Buffer.byteLength(candidate) <= PATH_OCTETS_MAXIMUM);
}
