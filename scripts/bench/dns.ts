/**
 * Answers per second, and per second of the server's processor time, beside dnsmasq, NSD, Knot and
 * gdnsd with the same zone:
 *
 *   bun scripts/bench/dns.ts [--rounds 3] [--seconds 5] [--only muster,nsd] [--command "..."]
 *
 * `--command "muster serve ... {port}"` runs that in place of `dns-server.ts`; it must
 * serve kms.test on 127.0.0.1 at the port given. The server has processor 0, dnsperf processor 1.
 * Rounds are interleaved, medians printed. Where other work shares the machine, only the figures
 * per second of processor time can be compared.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

type Contender = {
  readonly name: string;
  readonly program: string;
  readonly command: (directory: string, port: number) => readonly string[];
};
type Load = { readonly name: string; readonly transport: "udp" | "tcp"; readonly file: string };
type Figure = { readonly perSecond: number; readonly perCpuSecond: number; readonly lost: number };

const CLOCK_TICKS_PER_SECOND = 100;
const FIRST_PORT = 55_300;
const READY_TIMEOUT_MS = 15_000;

const ZONE = `$ORIGIN kms.test.
$TTL 3600
@ SOA kms01 hostmaster 1 3600 900 604800 300
@ NS kms01
kms01 A 192.0.2.1
kms01 AAAA 2001:db8::1
_vlmcs._tcp SRV 0 0 1688 kms01
`;

const MIX = `_vlmcs._tcp.kms.test SRV
kms01.kms.test A
kms01.kms.test AAAA
nope.kms.test A
kms.test SOA
x._vlmcs._tcp.kms.test SRV
_VLmcs._tCp.kMS.test SRV
`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    command: { type: "string" },
  },
});

function write(directory: string, name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function nsd(directory: string, port: number): readonly string[] {
  const zone = write(directory, "zone", ZONE);
  const configuration = `server:
  ip-address: 127.0.0.1@${port}
  port: ${port}
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  username: ""
  zonesdir: "${directory}"
  pidfile: ""
  database: ""
  xfrdfile: "${directory}/xfrd"
  zonelistfile: "${directory}/zones"
remote-control:
  control-enable: no
zone:
  name: kms.test
  zonefile: ${zone}
`;
  return ["nsd", "-d", "-c", write(directory, "nsd.conf", configuration)];
}

function knot(directory: string, port: number): readonly string[] {
  write(directory, "kms.test.zone", ZONE);
  const configuration = `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${directory}"
template:
  - id: default
    storage: "${directory}"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: kms.test
    file: kms.test.zone
`;
  return ["knotd", "-c", write(directory, "knot.conf", configuration)];
}

function gdnsd(directory: string, port: number): readonly string[] {
  mkdirSync(join(directory, "zones"));
  write(directory, "zones/kms.test", ZONE);
  const configuration = `options => {
  listen => 127.0.0.1:${port}
  udp_threads => 1
  tcp_threads => 1
  run_dir => ${directory}/run
  state_dir => ${directory}/state
}
`;
  write(directory, "config", configuration);
  return ["gdnsd", "-c", directory, "start"];
}

function dnsmasq(_directory: string, port: number): readonly string[] {
  const options = [
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--no-resolv",
    "--no-hosts",
    "--listen-address=127.0.0.1",
    "--bind-interfaces",
    "--pid-file=",
    "--auth-server=kms01.kms.test,127.0.0.1",
    "--auth-zone=kms.test",
    "--host-record=kms01.kms.test,192.0.2.1,2001:db8::1",
    "--srv-host=_vlmcs._tcp.kms.test,kms01.kms.test,1688,0,0",
    "--local=/kms.test/",
  ];
  return ["dnsmasq", `--port=${port}`, `--user=${process.env["USER"] ?? "root"}`, ...options];
}

function muster(_directory: string, port: number): readonly string[] {
  if (values.command !== undefined) {
    return values.command.replaceAll("{port}", String(port)).split(" ");
  }
  return [process.execPath, join(import.meta.dirname, "dns-server.ts"), String(port)];
}

const contenders: readonly Contender[] = [
  { name: "muster", program: process.execPath, command: muster },
  { name: "dnsmasq", program: "dnsmasq", command: dnsmasq },
  { name: "nsd", program: "nsd", command: nsd },
  { name: "knot", program: "knotd", command: knot },
  { name: "gdnsd", program: "gdnsd", command: gdnsd },
];

/** Ticks of processor time of a process and everything it started. */
function processorTicks(pid: number): number {
  const ticks = new Map<number, number>();
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      parents.set(Number(entry), Number(fields[1]));
      ticks.set(Number(entry), Number(fields[11]) + Number(fields[12]));
    } catch {
      // The process ended between listing and reading.
    }
  }
  const isOurs = (candidate: number | undefined): boolean =>
    candidate !== undefined && (candidate === pid || isOurs(parents.get(candidate)));
  return [...ticks].reduce((sum, [candidate, own]) => sum + (isOurs(candidate) ? own : 0), 0);
}

async function answers(port: number): Promise<boolean> {
  const { exited } = Bun.spawn(
    ["dig", "+norec", "+tries=1", "+time=1", "@127.0.0.1", "-p", String(port), "kms.test", "SOA"],
    { stdout: "ignore", stderr: "ignore" },
  );
  return (await exited) === 0;
}

async function start(contender: Contender, directory: string, port: number) {
  mkdirSync(directory);
  const child = Bun.spawn(["taskset", "-c", "0", ...contender.command(directory, port)], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) if (await answers(port)) return child;
  child.kill();
  process.stderr.write(`${contender.name} does not answer and is left out\n`);
  return undefined;
}

async function measure(pid: number, port: number, load: Load): Promise<Figure> {
  const before = processorTicks(pid);
  const perf = Bun.spawn(
    [
      "taskset",
      "-c",
      "1",
      "dnsperf",
      "-s",
      "127.0.0.1",
      "-p",
      String(port),
      "-d",
      load.file,
    ].concat(["-l", values.seconds, "-c", "8", "-T", "1", "-q", "100", "-m", load.transport]),
    { stdout: "pipe", stderr: "ignore" },
  );
  const text = await new Response(perf.stdout).text();
  await perf.exited;
  const cpuSeconds = (processorTicks(pid) - before) / CLOCK_TICKS_PER_SECOND;
  const number = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(text)?.[1]);
  return {
    perSecond: number("Queries per second"),
    perCpuSecond: number("Queries completed") / cpuSeconds,
    lost: number("Queries lost"),
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((first, second) => first - second)[Math.floor(numbers.length / 2)] ?? 0;
}

function thousands(value: number): string {
  return `${(value / 1000).toFixed(1)}k`;
}

async function main(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "bench-dns-"));
  const srv = write(root, "srv.txt", "_vlmcs._tcp.kms.test SRV\n");
  const mix = write(root, "mix.txt", MIX);
  const loads: readonly Load[] = [
    { name: "UDP SRV", transport: "udp", file: srv },
    { name: "UDP mix", transport: "udp", file: mix },
    { name: "TCP SRV", transport: "tcp", file: srv },
    { name: "TCP mix", transport: "tcp", file: mix },
  ];
  const wanted = values.only === "" ? undefined : values.only.split(",");
  const entrants = contenders.filter(
    ({ name, program }) => (wanted?.includes(name) ?? true) && Bun.which(program) !== null,
  );
  const figures = new Map<string, Figure[]>();
  let port = FIRST_PORT;
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const entrant of entrants) {
      port += 1;
      const child = await start(entrant, join(root, `${entrant.name}-${round}`), port);
      if (child === undefined) continue;
      for (const load of loads) {
        const figure = await measure(child.pid, port, load);
        const key = `${entrant.name.padEnd(8)} ${load.name}`;
        figures.set(key, [...(figures.get(key) ?? []), figure]);
      }
      child.kill();
      await child.exited;
    }
  }
  rmSync(root, { recursive: true });
  process.stdout.write("server   load      per second   per CPU second (range)    lost\n");
  for (const [key, found] of figures) {
    const cpu = found.map(({ perCpuSecond }) => perCpuSecond);
    const range = `${thousands(Math.min(...cpu))}-${thousands(Math.max(...cpu))}`;
    const perSecond = thousands(median(found.map((figure) => figure.perSecond))).padStart(10);
    const lost = found.reduce((sum, figure) => sum + figure.lost, 0);
    process.stdout.write(
      `${key} ${perSecond}   ${thousands(median(cpu)).padStart(8)} (${range})   ${lost}\n`,
    );
  }
}

await main();
