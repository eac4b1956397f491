/** Name servers of others on free ports of loopback: BIND and Knot, in folders of their own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askServer } from "../../src/dns/ask.ts";
import { RecordType } from "../../src/dns/codes.ts";
import { literalName } from "../../src/dns/name.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";

export const ZONE = "corp.test";
export const KEY_NAME = "box-key";
/** In base64: thirty-two octets that everybody can read. */
export const KEY_SECRET = "bXVzdGVyLWV4YW1wbGUtc2VjcmV0LTMyLW9jdGV0cyE=";

/** With another host's record, and the name server's own address. */
const ZONE_TEXT = `$ORIGIN ${ZONE}.
$TTL 3600
@ SOA ns hostmaster 1 3600 900 604800 300
@ NS ns
ns A 127.0.0.1
other A 192.0.2.99
_vlmcs._tcp SRV 5 6 1688 other
`;

/** Who may update the zone. */
export type Policy = "nobody" | "anybody" | "key";

export type ForeignServer = {
  readonly endpoint: Endpoint;
  readonly stop: () => Promise<void>;
};

const READY_TIMEOUT_MS = 20_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export async function startBind(named: string, policy: Policy): Promise<ForeignServer> {
  const folder = mkdtempSync(join(tmpdir(), "muster-bind-"));
  const port = await freePort();
  const allow = { nobody: "none;", anybody: "any;", key: `key "${KEY_NAME}";` }[policy];
  writeFileSync(join(folder, "zone"), ZONE_TEXT);
  writeFileSync(
    join(folder, "named.conf"),
    `key "${KEY_NAME}" { algorithm hmac-sha256; secret "${KEY_SECRET}"; };
options {
  directory "${folder}"; pid-file none; session-keyfile none; lock-file none;
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; notify no; dnssec-validation no; minimal-responses no;
};
controls { };
zone "${ZONE}" { type primary; file "${folder}/zone"; allow-update { ${allow} }; };
`,
  );
  return start([named, "-f", "-c", join(folder, "named.conf")], folder, port);
}

export async function startKnot(knotd: string, policy: Policy): Promise<ForeignServer> {
  const folder = mkdtempSync(join(tmpdir(), "muster-knot-"));
  const port = await freePort();
  const acl = {
    nobody: "",
    anybody: `acl:
  - id: updates
    address: 127.0.0.1
    action: update
`,
    key: `acl:
  - id: updates
    key: ${KEY_NAME}
    action: update
`,
  }[policy];
  writeFileSync(join(folder, "zone"), ZONE_TEXT);
  writeFileSync(
    join(folder, "knot.conf"),
    `server:
  rundir: "${folder}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
key:
  - id: ${KEY_NAME}
    algorithm: hmac-sha256
    secret: ${KEY_SECRET}
${acl}zone:
  - domain: ${ZONE}
    storage: "${folder}"
    file: zone
    zonefile-sync: -1
${policy === "nobody" ? "" : "    acl: updates\n"}`,
  );
  return start([knotd, "-c", join(folder, "knot.conf")], folder, port);
}

async function start(
  command: readonly string[],
  folder: string,
  port: number,
): Promise<ForeignServer> {
  const child = Bun.spawn([...command], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const said = Promise.all([child.stdout, child.stderr].map((out) => new Response(out).text()));
  const endpoint = { address: "127.0.0.1", port };
  const stop = async (): Promise<void> => {
    child.kill();
    await child.exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    if (await answers(endpoint)) return { endpoint, stop };
  }
  await stop();
  throw new Error(`${command[0]} does not answer: ${(await said).join("")}`);
}

async function answers(server: Endpoint): Promise<boolean> {
  const asked = { name: literalName(ZONE), type: RecordType.SOA, recursive: false };
  const randomBytes = systemRandomBytes;
  const answer = await askServer({ server, ...asked, timeoutMs: 300, randomBytes });
  // A port without a listener says so at once.
  if (!answer.ok) await Bun.sleep(50);
  return answer.ok && answer.value.authoritative;
}
