/**
 * Spoilt messages against a name server in a process of its own, by UDP and TCP:
 *
 *   bun scripts/fuzz-dns.ts [COUNT] [SEED]
 *
 * Every message must be answered as RFC 8906 wants, the process must live on and must not grow.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fuzzByTcp, fuzzByUdp } from "../test/support/dns-fuzz.ts";

const PAGE_OCTETS = 4096;
/** The collector's own ups and downs. */
const ALLOWED_GROWTH_OCTETS = 64 * 1024 * 1024;
const ROUNDS = 10;
const PORT = 55_298;

function residentOctets(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1];
  return Number(pages) * PAGE_OCTETS;
}

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const script = join(import.meta.dirname, "bench", "dns-server.ts");
const server = Bun.spawn([process.execPath, script, String(PORT)], { stdout: "pipe" });
try {
  const { value } = await server.stdout.getReader().read();
  if (!new TextDecoder().decode(value).includes("READY")) throw new Error("no server");
  const endpoint = { address: "127.0.0.1", port: PORT };
  let settled = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const each = Math.ceil(count / ROUNDS / 2);
    await fuzzByUdp(endpoint, each, seed + round * 2);
    await fuzzByTcp(endpoint, each, seed + round * 2 + 1);
    const resident = residentOctets(server.pid);
    if (round === 1) settled = resident;
    process.stdout.write(`${(round + 1) * each * 2} messages, ${resident >> 20} MiB\n`);
    if (round > 1 && resident > settled + ALLOWED_GROWTH_OCTETS) throw new Error("it grows");
  }
} finally {
  server.kill();
}
