/**
 * A zone of a hundred thousand names beside a small one: time to load, memory, answers per second
 * of the server's processor time.
 *
 *   bun scripts/bench/zone.ts [--names 100000] [--rounds 3] [--seconds 5]
 *
 * The server has processor 0, dnsperf processor 1. Rounds are interleaved, medians printed. `hosts`
 * asks for a thousand names in turn, drawn over the whole zone; `spread` for all that it has.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpuSeconds, LOAD_CORE, residentMebibytes, SERVER_CORE } from "./processes.ts";

const { values } = parseArgs({
  options: {
    names: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
  },
});

const SMALL_NAMES = 1000;
const ASKED_NAMES = 1000;

type Report = {
  readonly port: number;
  readonly readMs: number;
  readonly loadMs: number;
  readonly longestMs: number;
  readonly mebibytes: number;
};
type Figure = { readonly perSecond: number; readonly perCpuSecond: number; readonly lost: number };

function hostName(index: number): string {
  return `host-${String(index).padStart(6, "0")}`;
}

function writeZone(folder: string, names: number): string {
  const path = join(folder, `${names}.zone`);
  const lines = Array.from({ length: names }, (_, index) => {
    const address = [10, index >> 16, (index >> 8) & 255, index & 255].join(".");
    return `${hostName(index)} A ${address}`;
  });
  writeFileSync(path, `$TTL 3600\n${lines.join("\n")}\n`);
  return path;
}

/** `count` of the zone's names, in an order without a pattern. */
function writeQuestions(folder: string, name: string, names: number, count: number): string {
  const path = join(folder, `${name}.txt`);
  // A prime step visits each once.
  const lines = Array.from(
    { length: count },
    (_, index) => `${hostName((index * 7919) % names)}.kms.test A`,
  );
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

async function startServer(zone: string) {
  const script = join(import.meta.dirname, "zone-server.ts");
  const pinned = ["taskset", "-c", String(SERVER_CORE), process.execPath, script];
  const child = Bun.spawn([...pinned, zone], { stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the server ended");
    text += new TextDecoder().decode(value);
  }
  return { child, report: JSON.parse(text) as Report };
}

async function measure(pid: number, port: number, file: string): Promise<Figure> {
  const before = cpuSeconds(pid);
  const pinned = ["taskset", "-c", String(LOAD_CORE), "dnsperf", "-s", "127.0.0.1"];
  const options = ["-p", String(port), "-d", file, "-l", values.seconds, "-c", "8", "-T", "1"];
  const perf = Bun.spawn([...pinned, ...options, "-q", "100"], { stdout: "pipe" });
  const text = await new Response(perf.stdout).text();
  await perf.exited;
  const spent = cpuSeconds(pid) - before;
  const number = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(text)?.[1]);
  return {
    perSecond: number("Queries per second"),
    perCpuSecond: number("Queries completed") / spent,
    lost: number("Queries lost"),
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((first, second) => first - second)[Math.floor(numbers.length / 2)] ?? 0;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-zone-"));
  const large = Number(values.names);
  const small = SMALL_NAMES;
  const contenders = [
    { name: "small hosts", names: small, asked: ASKED_NAMES },
    { name: "large hosts", names: large, asked: ASKED_NAMES },
    { name: "large spread", names: large, asked: large },
  ].map((contender) => ({
    ...contender,
    zone: writeZone(folder, contender.names),
    file: writeQuestions(folder, contender.name, contender.names, contender.asked),
  }));
  const figures = new Map<string, Figure[]>();
  const reports = new Map<number, (Report & { readonly residentMebibytes: number })[]>();
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const { name, names, zone, file } of contenders) {
      const { child, report } = await startServer(zone);
      const figure = await measure(child.pid, report.port, file);
      figures.set(name, [...(figures.get(name) ?? []), figure]);
      const resident = { ...report, residentMebibytes: residentMebibytes(child.pid) };
      reports.set(names, [...(reports.get(names) ?? []), resident]);
      child.kill();
      await child.exited;
    }
  }
  rmSync(folder, { recursive: true });
  for (const [names, list] of reports) {
    const middle = (key: keyof (typeof list)[number]) =>
      median(list.map((report) => report[key])).toFixed(0);
    process.stdout.write(
      `${names} names: read ${middle("readMs")} ms, loaded ${middle("loadMs")} ms, longest slice ` +
        `${middle("longestMs")} ms, ${middle("mebibytes")} MiB more, ` +
        `${middle("residentMebibytes")} MiB resident after the load\n`,
    );
  }
  const base = median((figures.get("small hosts") ?? []).map((figure) => figure.perCpuSecond));
  for (const [name, list] of figures) {
    const cpu = median(list.map(({ perCpuSecond }) => perCpuSecond));
    const perSecond = median(list.map((figure) => figure.perSecond));
    const lost = list.reduce((sum, figure) => sum + figure.lost, 0);
    process.stdout.write(
      `${name.padEnd(12)} ${(perSecond / 1000).toFixed(1)}k/s  ${(cpu / 1000).toFixed(1)}k/CPU-s  ` +
        `${(cpu / base).toFixed(2)} of small  lost ${lost}\n`,
    );
  }
}

await main();
