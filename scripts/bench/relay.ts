/**
 * What relaying adds to a call, over a direct call to the same upstream in the same run:
 * `bun scripts/bench/relay.ts [ROUNDS]`.
 *
 * Upstream and appliance on one core, client on the other; rounds alternate, so that a drift of the
 * machine meets both. Kept: one call after another on a connection that stays open. Cold: connect,
 * bind, call, close. Every relayed request is logged durably, behind its answer. Needs taskset and
 * the built executable.
 */
import { join } from "node:path";
import { MICROSOFT_INTERFACE } from "../../src/protocol/interface.ts";
import { connectRpc, type RpcCaller } from "../../src/rpc/caller.ts";
import { LOAD_CORE, median, portOf, SERVER_CORE, startAppliance } from "./processes.ts";

const KEPT_COUNT = 5_000;
const COLD_COUNT = 1_000;
const WARM_UP_COUNT = 500;
const REQUEST_OCTETS = 260;

type Percentiles = { readonly p50: number; readonly p99: number };
type Mode = "kept" | "cold";
type Way = "direct" | "relayed";

/** Size, count, and octets of version 6 that mean nothing. */
function requestStub(): Uint8Array {
  const stub = new Uint8Array(8 + REQUEST_OCTETS).fill(0x5a);
  const view = new DataView(stub.buffer);
  view.setUint32(0, REQUEST_OCTETS, true);
  view.setUint32(4, REQUEST_OCTETS, true);
  view.setUint32(8, 0x60000, true);
  return stub;
}

const STUB = requestStub();

async function connect(port: number): Promise<RpcCaller> {
  const connected = await connectRpc({
    host: "127.0.0.1",
    port,
    timeoutMs: 10_000,
    interfaceUuid: MICROSOFT_INTERFACE.uuid,
    versionMajor: MICROSOFT_INTERFACE.versionMajor,
    versionMinor: MICROSOFT_INTERFACE.versionMinor,
  });
  if (!connected.ok) throw new Error(JSON.stringify(connected.error));
  return connected.value;
}

async function call(caller: RpcCaller): Promise<void> {
  const result = await caller.call(0, STUB);
  if (!result.ok || result.value.kind !== "response") throw new Error(JSON.stringify(result));
}

async function measure(port: number, mode: Mode, count: number): Promise<Percentiles> {
  const microseconds: number[] = [];
  const kept = mode === "kept" ? await connect(port) : undefined;
  for (let index = 0; index < count; index += 1) {
    const begin = performance.now();
    const caller = kept ?? (await connect(port));
    await call(caller);
    if (kept === undefined) caller.close();
    microseconds.push((performance.now() - begin) * 1000);
  }
  kept?.close();
  microseconds.sort((one, other) => one - other);
  const at = (share: number): number => microseconds[Math.floor(count * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function compare(mode: Mode, count: number, ports: Record<Way, number>): Promise<void> {
  const rounds: Record<Way, Percentiles[]> = { direct: [], relayed: [] };
  for (const way of ["direct", "relayed"] as const) await measure(ports[way], mode, WARM_UP_COUNT);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of ["direct", "relayed"] as const) {
      rounds[way].push(await measure(ports[way], mode, count));
    }
  }
  for (const key of ["p50", "p99"] as const) {
    const of = (way: Way): number => median(rounds[way].map((figures) => figures[key]));
    const [direct, relayed] = [of("direct"), of("relayed")];
    const added = (relayed - direct).toFixed(0);
    const both = `direct ${direct.toFixed(0)}, relayed ${relayed.toFixed(0)}`;
    say(`${mode} ${key}: ${added} us added (${both}; median of ${ROUNDS} rounds of ${count})`);
  }
}

const ROUNDS = Number(process.argv[2] ?? 5);
Bun.spawnSync(["taskset", "-cp", String(LOAD_CORE), String(process.pid)], { stdout: "ignore" });
const upstream = Bun.spawn(
  [
    ...["taskset", "-c", String(SERVER_CORE), process.execPath],
    join(import.meta.dir, "relay-upstream.ts"),
  ],
  { stdout: "pipe" },
);
try {
  const { value } = await upstream.stdout.getReader().read();
  const upstreamPort = Number(new TextDecoder().decode(value));
  const extraToml = `[relay]\nmode = "relay"\nupstreams = ["127.0.0.1:${upstreamPort}"]`;
  const appliance = await startAppliance({ extraToml, core: SERVER_CORE });
  const ports = { direct: upstreamPort, relayed: portOf(appliance.rpc) };
  await compare("kept", KEPT_COUNT, ports);
  await compare("cold", COLD_COUNT, ports);
  await appliance.stop();
} finally {
  upstream.kill();
}
