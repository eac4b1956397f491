/**
 * A whole run of the executable on the wire, read by tshark. Captured on the loopback interface
 * where this account may, otherwise written down by a proxy that stands in front of the RPC port.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { inStub, MICROSOFT, OPAQUE_REQUEST } from "../relay/harness.ts";
import {
  alterContext,
  bind,
  context,
  ECHO,
  FEATURES_3,
  FIRST,
  joined,
  MGMT,
  NDR32,
  NDR64,
  octets,
  request,
  TYPE,
  u32,
} from "../rpc/octets.ts";
import { RawClient } from "../rpc/raw-client.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { type OctetProxy, startOctetProxy } from "../support/octet-proxy.ts";
import { peer, peerTest } from "../support/peers.ts";
import { scratchDirectory } from "../support/scratch.ts";
import {
  configurationText,
  discoveryFlags,
  get,
  only,
  runBeside,
  runClient,
  serverFlags,
  waitFor,
  ZONE,
} from "../support/world.ts";
import { capture } from "./capture.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
const ERROR_SEVERITY = 8_388_608;
const NTLM_TRAILER = joined(octets("0a 02 00 00 00000000"), new TextEncoder().encode("NTLMSSP\0"));
/** A name asked for last: once the capture has it, it has all that came before. */
const LAST_NAME = "zz-last-of-all";

const directory = scratchDirectory("wire");
let appliance: RunningAppliance;
let proxy: OctetProxy;
beforeAll(async () => {
  executable();
  appliance = await startExecutable({ configuration: configurationText() });
  proxy = await startOctetProxy(only(appliance.listening.rpc));
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(async () => {
  await proxy.close();
  await appliance.stop();
});

type Capture = { readonly file: string; readonly stop: () => Promise<void> };

/** Undefined where this account may not capture. */
async function startCapture(ports: readonly number[]): Promise<Capture | undefined> {
  const dumpcap = peer("dumpcap");
  if (dumpcap === undefined) return undefined;
  const file = join(directory, "loopback.pcapng");
  const filter = ports.map((port) => `port ${port}`).join(" or ");
  const child = spawn(dumpcap, ["-q", "-i", "lo", "-f", filter, "-w", file]);
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  if (!(await hasBegun(child, ended))) return undefined;
  return {
    file,
    stop: async () => {
      await waitFor("the last name", () => {
        return (existsSync(file) && readFileSync(file).includes(LAST_NAME)) || undefined;
      });
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** It names its file once it captures. */
async function hasBegun(child: ChildProcess, ended: Promise<void>): Promise<boolean> {
  let said = "";
  const begun = new Promise<boolean>((resolve) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/^File: /m.test(said)) resolve(true);
    });
  });
  const isCapturing = await Promise.race([begun, ended.then(() => false)]);
  if (!isCapturing) {
    process.stderr.write(`dumpcap: ${said.trim()}: the proxy's octets are read instead\n`);
  }
  return isCapturing;
}

/** What STRANGERS have for an answer, as numbers; each at least once. */
const FAULTS = [5, 0x1c01_0002, 0x1c01_0003, 0x1c01_000b];
const NAK_REASONS = [0, 4, 8];

type Read = (filter: string, ...fields: readonly string[]) => Promise<string>;

/** The values of a field in what was sent from the port, each once. */
async function listOf(field: string, read: Read, port = 0): Promise<readonly number[]> {
  const text = await read(`tcp.srcport==${port} && ${field}`, field);
  const values = text.trim().split(/[\n,]/).map(Number);
  return [...new Set(values)].toSorted((a, b) => a - b);
}

const MANAGED = bind([context(0, MGMT, NDR32)]);

/** What each says on a connection of its own. */
const STRANGERS: readonly (readonly Uint8Array[])[] = [
  // Bound to nothing that is offered, then a call all the same; then no RPC at all.
  [bind([context(0, ECHO, NDR32)]), request(0)],
  [octets("47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a 0d 0a")],
  // As Windows binds; every management query, an operation too many, a context too many.
  [
    bind([context(0, MGMT, NDR32), context(1, MGMT, NDR64), context(2, MGMT, FEATURES_3)]),
    ...[0, 2, 3, 5, 99].map((opnum) => request(opnum, octets(""), { callId: 10 + opnum })),
    request(1, u32(4), { callId: 20 }),
    request(0, octets(""), { callId: 21, contextId: 77 }),
  ],
  // A context added, and a genuine client's call, which is refused (RELAY-1).
  [
    MANAGED,
    alterContext([context(1, MICROSOFT, NDR32)], { callId: 2 }),
    request(0, inStub(OPAQUE_REQUEST), { callId: 3, contextId: 1 }),
  ],
  // A big-endian peer.
  [bind([context(0, MGMT, NDR32)], { order: "big" }), request(2, octets(""), { order: "big" })],
  // Refused as a whole: another version, no contexts, an authentication, a group that is not there.
  [bind([context(0, MGMT, NDR32)], { version: [5, 1] })],
  [bind([])],
  [bind([context(0, MGMT, NDR32)], { trailer: NTLM_TRAILER, authLength: 8 })],
  [bind([context(0, MGMT, NDR32)], { group: 0xdeadbeef })],
  // Faults that end the connection.
  [MANAGED, request(0, octets(""), { flags: 0 })],
  [MANAGED, request(0, new Uint8Array(5817))],
  [MANAGED, request(0, octets(""), { flags: FIRST, allocHint: 0xffff_ffff })],
  [request(0)],
];

/** Everything a client does in a life, and a few things that none should. */
async function wholeRun(): Promise<void> {
  const state = join(directory, "client.json");
  const server = ["--server", formatEndpoint(proxy.endpoint)];
  const own = ["--name", "LAB-PC-00000001", "--state", state];
  await runClient([...server, ...own, "--threshold", "1"]);
  await runClient([...server, ...own]);
  await runClient([...discoveryFlags(appliance), "--name", "PC-2", "--virtual"]);
  await runClient([...serverFlags(appliance), "--name", "PC-3", "--product", "Lab Server Web"]);
  for (const path of ["/", "/status", "/status.txt", "/metrics"]) await get(appliance, path);
  for (const sent of STRANGERS) {
    const client = await RawClient.connect(proxy.endpoint.port);
    await client.send(...sent);
    client.shutdown();
    while ((await client.pdu()).startsWith("05"));
    client.close();
  }
  await runClient([
    ...["--domain", `${LAST_NAME}.${ZONE}`, "--name", "PC-4"],
    ...discoveryFlags(appliance).slice(2),
  ]);
}

peerTest(
  ["tshark"],
  "tshark finds nothing malformed in what the executable sends",
  async (tshark) => {
    const { rpc, dns, http } = appliance.listening;
    const [rpcPort, dnsPort, httpPort] = [rpc, dns, http].map((list) => only(list).port);
    const live = await startCapture([rpcPort, dnsPort, httpPort].map(Number));
    await wholeRun();
    await live?.stop();
    const file = live?.file ?? join(directory, "proxy.pcap");
    const port = live === undefined ? 1688 : rpcPort;
    if (live === undefined) writeFileSync(file, capture(proxy.conversations()));

    const tables = [
      `tcp.port==${port},dcerpc`,
      `udp.port==${dnsPort},dns`,
      `tcp.port==${httpPort},http`,
    ];
    const read = async (filter: string, ...fields: readonly string[]): Promise<string> => {
      const decode = tables.flatMap((table) => ["-d", table]);
      const columns = fields.flatMap((field) => ["-e", field]);
      const form = fields.length === 0 ? [] : ["-T", "fields", ...columns];
      const checks = ["-o", "tcp.check_checksum:FALSE", "-o", "udp.check_checksum:FALSE"];
      const parameters = ["-r", file, ...decode, ...checks, "-Y", filter, ...form];
      const { exitCode, stdout, stderr } = await runBeside(tshark, parameters);
      if (exitCode !== 0) throw new Error(stderr);
      return stdout;
    };
    const sentByUs = `(tcp.srcport==${port} || udp.srcport==${dnsPort} || tcp.srcport==${httpPort})`;
    const bad = `(_ws.malformed || _ws.expert.severity >= ${ERROR_SEVERITY})`;
    expect(await read(`${sentByUs} && ${bad}`)).toBe("");

    // It must have understood what it read, or it would find nothing wrong with anything.
    const types = await read(`tcp.srcport==${port} && dcerpc`, "dcerpc.pkt_type");
    const seen = new Set(types.trim().split(/[\n,]/).map(Number));
    expect([...seen].toSorted((a, b) => a - b)).toEqual([
      TYPE.response,
      TYPE.fault,
      TYPE.bindAck,
      TYPE.bindNak,
      TYPE.alterContextResponse,
    ]);
    expect(await listOf("dcerpc.cn_status", read, port)).toEqual(FAULTS);
    expect(await listOf("dcerpc.cn_reject_reason", read, port)).toEqual(NAK_REASONS);
    if (live === undefined) return;
    const codes = await read(`udp.srcport==${dnsPort} && dns`, "dns.flags.rcode");
    expect(codes.trim().split("\n").map(Number).toSorted()).toEqual([0, 3]);
    const statuses = await read(`tcp.srcport==${httpPort} && http.response`, "http.response.code");
    expect(statuses.trim().split("\n")).toEqual(["200", "200", "200", "200"]);
  },
  60_000,
);
