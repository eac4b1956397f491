import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RpcInterface } from "../../src/rpc/interface.ts";
import { echoInterface } from "../rpc/echo-interface.ts";
import { joined, octets, pdu, request } from "../rpc/octets.ts";
import { converse } from "../rpc/stream-harness.ts";
import { SEED_BINDS, SEED_PDUS } from "../rpc/streams.ts";
import { withServer } from "../rpc/test-server.ts";
import { peerTest, pythonPeer } from "../support/peers.ts";
import { capture } from "./capture.ts";

type Outcome = { readonly code: number; readonly output: string; readonly errors: string };

/** Runs a peer beside the server of this process, which goes on serving meanwhile. */
async function run(...command: readonly string[]): Promise<Outcome> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe" });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output, errors };
}

function script(name: string): string {
  return join(import.meta.dir, name);
}

/** A test that needs a Python module; `body` gets the interpreter. */
function pythonTest(
  module: string,
  title: string,
  body: (python: string) => Promise<void>,
  timeoutMilliseconds = 30_000,
): void {
  const python = pythonPeer(module);
  if (python === undefined) test.skip(`${title} (without ${module})`, () => {});
  else test(title, () => body(python), timeoutMilliseconds);
}

pythonTest(
  "impacket",
  "impacket: management queries, whole and in fragments of two octets",
  (python) =>
    withServer(async ({ port }) => {
      const { output, errors } = await run(python, script("impacket-client.py"), `${port}`);
      const seen = output
        .trim()
        .split("\n")
        .map((line) => (line === "" ? errors : JSON.parse(line)));
      const expected = {
        offered: ["60a15ec5-4de8-11d7-a637-005056a20182"],
        count: 4,
        stopped: expect.stringContaining("access_denied"),
      };
      expect(seen).toEqual([expected, expected]);
    }),
);

pythonTest("samba", "Samba's client: echo and management, in both byte orders", (python) =>
  withServer(async ({ port }) => {
    const outcome = await run(python, script("samba-client.py"), `${port}`);
    expect(outcome).toEqual({ code: 0, output: "good\ngood,bigendian\n", errors: "" });
  }),
);

const TORTURE = ["addone", "sinkdata", "echodata", "sourcedata"];
const TORTURE_REQUEST_OCTETS = 512 * 1024;

peerTest(["smbtorture"], "smbtorture: rpc.echo, in both byte orders", (smbtorture) =>
  withServer(
    async ({ port }) => {
      for (const order of ["", ",bigendian"]) {
        for (const name of TORTURE) {
          const binding = `ncacn_ip_tcp:127.0.0.1[${port}${order}]`;
          const { output } = await run(smbtorture, binding, "-U%", `rpc.echo.echo.${name}`);
          expect(output).toContain(`success: echo.${name}`);
        }
      }
    },
    { requestOctets: TORTURE_REQUEST_OCTETS },
  ),
);

/**
 * The suite's own 4 MiB; and what the suite of Samba 4.17 expects otherwise than we answer: a bind
 * without contexts is refused with reason 0 by it and Windows 2012 R2, with 4 by later ones and by
 * us.
 */
const SUITE_REQUEST_OCTETS = 4 * 1024 * 1024;
const EXPECTED_OTHERWISE = ["test_no_auth_invalid_valid_request", "test_no_auth_no_ctx"];

/** Takes the place of the interface the suite makes its longer calls to: 12 octets, all zero. */
const CHALLENGE: RpcInterface = {
  name: "challenge",
  uuid: "12345678-1234-abcd-ef00-01234567cffb",
  versionMajor: 1,
  versionMinor: 0,
  operationCount: 5,
  invoke: (_call, complete) => complete({ kind: "response", stub: new Uint8Array(12) }),
};

pythonTest(
  "samba.tests.dcerpc.raw_protocol",
  "Samba's raw protocol suite, as far as it is anonymous",
  (python) =>
    withServer(
      async ({ port }) => {
        const { output, errors } = await run(python, script("samba-raw-protocol.py"), `${port}`);
        const lines = errors.split("\n").filter((line) => /^test_\w+: /.test(line));
        if (output === "") throw new Error(errors);
        const { run: count, failed } = JSON.parse(output);
        const unexpected = lines.filter(
          (line) => !EXPECTED_OTHERWISE.some((name) => line.startsWith(`${name}:`)),
        );
        expect(unexpected).toEqual([]);
        expect(failed).toEqual(EXPECTED_OTHERWISE);
        expect(count).toBeGreaterThan(80);
      },
      { requestOctets: SUITE_REQUEST_OCTETS },
      { interfaces: [echoInterface(), CHALLENGE] },
    ),
  120_000,
);

/** PDUs of ours, one conversation for each bind; the answers are what tshark looks at. */
function conversations(): { readonly sent: Uint8Array; readonly answered: Uint8Array }[] {
  const wrong = [
    pdu(11, octets(""), { version: [4, 0] }),
    request(0, octets("")),
    joined(SEED_BINDS[0] ?? octets(""), request(0, octets("00"), { flags: 0 })),
  ];
  const right = SEED_BINDS.map((bind) => joined(bind, ...SEED_PDUS));
  return [...right, ...wrong].map((sent) => ({ sent, answered: octets(converse([sent]).output) }));
}

peerTest(["tshark"], "tshark finds nothing malformed in what we send", async (tshark) => {
  const folder = await mkdtemp(join(tmpdir(), "muster-capture-"));
  try {
    const file = join(folder, "rpc.pcap");
    const list = conversations();
    await Bun.write(file, capture(list));
    const read = [
      tshark,
      "-r",
      file,
      "-d",
      "tcp.port==1688,dcerpc",
      "-o",
      "tcp.check_checksum:FALSE",
    ];
    const bad = "tcp.srcport==1688 && (_ws.malformed || _ws.expert.severity >= 8388608)";
    expect((await run(...read, "-Y", bad)).output).toBe("");

    // It must have understood the frames as RPC, or it would find nothing wrong with anything.
    const types = ["-Y", "tcp.srcport==1688 && dcerpc", "-T", "fields", "-e", "dcerpc.pkt_type"];
    const { output } = await run(...read, ...types);
    const seen = output.trim().split(/[\n,]/).map(Number);
    expect(seen).toEqual(list.flatMap(({ answered }) => pduTypes(answered)));

    // And it must complain where something is wrong: here, more results than there are.
    const [first] = list;
    const broken = first?.answered.slice(0, 60) ?? octets("");
    broken[32] = 200;
    await Bun.write(file, capture([{ sent: first?.sent ?? octets(""), answered: broken }]));
    expect((await run(...read, "-Y", bad)).output).not.toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});

function pduTypes(stream: Uint8Array): number[] {
  const types: number[] = [];
  for (let start = 0; start < stream.length; ) {
    types.push(stream[start + 2] ?? -1);
    start += (stream[start + 8] ?? 0) | ((stream[start + 9] ?? 0) << 8);
  }
  return types;
}
