/** Kills the executable as soon as it acknowledged dynamic updates (DNS-7, STORE-1). */

import { exchangeByUdp } from "../../src/dns/exchange.ts";
import { nameToText } from "../../src/dns/name.ts";
import { readMessage } from "../../src/dns/raw-message.ts";
import { readRdata, readSoa } from "../../src/dns/rdata.ts";
import { signMessage, verifyReply } from "../../src/dns/tsig/tsig.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import { headerOf, query } from "../dns/support.ts";
import { add, deleteName, MASTER, update } from "../dns/update-support.ts";
import { type RunningAppliance, startExecutable } from "./executable.ts";

/** Updates on their way at once; in each round one more of them is acknowledged before the kill. */
const UPDATES_PER_ROUND = 6;
/** Far beyond what any answer takes. */
const ANSWER_MILLISECONDS = 10_000;

export type UpdateKillFigures = {
  readonly acknowledged: number;
  /** On their way at a kill, and whether the restart found them. */
  readonly unanswered: number;
  readonly unansweredStored: number;
  /** From the start of the process until it listens, after each kill. */
  readonly restartMs: readonly number[];
};

const CONFIGURATION = `
[rpc]
listen = ["127.0.0.1:0"]
[http]
listen = ["127.0.0.1:0"]
[dns]
listen = ["127.0.0.1:0"]
zones = ["kms.test"]
host = "kms.kms.test"
[[dns.key]]
name = "${nameToText(MASTER.name)}"
algorithm = "${MASTER.algorithm}"
secret = "${MASTER.secret.toBase64()}"
grants = ["*.kms.test A TXT"]
`;

export type UpdateKillOptions = {
  /** The rounds share it; it may not hold anything before. */
  readonly directory: string;
  readonly rounds: number;
  readonly onRound?: (round: number) => void;
};

/** Throws an error that says what was lost, where something was. */
export async function runUpdateKillRounds(options: UpdateKillOptions): Promise<UpdateKillFigures> {
  const world = new World();
  const restartMs: number[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const startedAt = performance.now();
    const { directory } = options;
    const appliance = await startExecutable({ directory, configuration: CONFIGURATION });
    if (round > 1) restartMs.push(performance.now() - startedAt);
    try {
      await world.compare(dnsOf(appliance), round);
      await world.update(dnsOf(appliance), round, () => appliance.signal("SIGKILL"));
    } finally {
      appliance.signal("SIGKILL");
      await appliance.ended;
    }
    options.onRound?.(round);
  }
  const last = await startExecutable({
    directory: options.directory,
    configuration: CONFIGURATION,
  });
  try {
    await world.compare(dnsOf(last), options.rounds + 1);
  } finally {
    await last.stop();
  }
  const { acknowledged, unanswered, unansweredStored } = world;
  return { acknowledged, unanswered, unansweredStored, restartMs };
}

function dnsOf({ listening }: RunningAppliance): Endpoint {
  const [endpoint] = listening.dns;
  if (endpoint === undefined) throw new Error("no DNS listener");
  return endpoint;
}

/** What the zone must hold. */
class World {
  acknowledged = 0;
  unanswered = 0;
  unansweredStored = 0;
  /** Whether the name is there; undefined: the process was killed before it said so. */
  readonly #names = new Map<string, boolean | undefined>();
  #serial: number | undefined;

  /** Each update puts two records under a name, and takes an earlier name away. */
  async update(server: Endpoint, round: number, kill: () => void): Promise<void> {
    let missing = 1 + (round % UPDATES_PER_ROUND);
    const onReply = (): void => {
      missing -= 1;
      if (missing === 0) kill();
    };
    const present = [...this.#names].filter(([, isThere]) => isThere === true);
    const sent = Array.from({ length: UPDATES_PER_ROUND }, async (_, index) => {
      const name = `r${round}-${index}`;
      const old = present[index]?.[0];
      const records = [add(`${name} 60 A 192.0.2.${index}`), add(`${name} 60 TXT r${round}`)];
      const updates = old === undefined ? records : [...records, deleteName(old)];
      this.#names.set(name, undefined);
      if (old !== undefined) this.#names.set(old, undefined);
      const isDone = await send(server, update({ id: round * 16 + index, updates }), onReply);
      if (isDone) {
        this.acknowledged += 1;
        this.#names.set(name, true);
        if (old !== undefined) this.#names.set(old, false);
      } else this.unanswered += 1;
    });
    await Promise.all(sent);
  }

  async compare(server: Endpoint, round: number): Promise<void> {
    for (const [name, expected] of this.#names) {
      const address = await ask(server, `${name}.kms.test`, 1);
      const text = await ask(server, `${name}.kms.test`, 16);
      const isThere = address.records.length > 0;
      if (isThere !== text.records.length > 0) throw new Error(`round ${round}: ${name} is torn`);
      if (expected !== undefined && isThere !== expected) {
        const state = expected ? "is lost" : "came back";
        throw new Error(`round ${round}: ${name} ${state}, which was acknowledged`);
      }
      const isFresh = name.startsWith(`r${round - 1}-`);
      if (expected === undefined && isThere && isFresh) this.unansweredStored += 1;
      this.#names.set(name, isThere);
    }
    const [soa] = (await ask(server, "kms.test", 6)).records;
    if (soa === undefined) throw new Error(`round ${round}: no SOA`);
    const { serial } = readSoa(soa);
    if (this.#serial !== undefined && ((serial - this.#serial) | 0) <= UPDATES_PER_ROUND) {
      throw new Error(`round ${round}: serial ${serial} after ${this.#serial}`);
    }
    this.#serial = serial;
  }
}

/** Whether it was acknowledged, with a signature, before the process was gone. */
async function send(server: Endpoint, message: Uint8Array, onReply: () => void): Promise<boolean> {
  const context = { key: MASTER, hmac: systemHmac, nowSeconds: Math.floor(Date.now() / 1000) };
  const request = signMessage(message, context);
  const { id } = headerOf(message);
  const reply = await exchangeByUdp({
    server,
    query: request.message,
    timeoutMs: ANSWER_MILLISECONDS,
    isReply: (candidate) => headerOf(candidate).id === id,
  });
  if (!reply.ok) return false;
  onReply();
  const verified = verifyReply(reply.value, request.mac, context);
  if (!verified.ok) throw new Error(`a reply that is not verified: ${verified.error.code}`);
  const { rcode } = headerOf(verified.value);
  if (rcode !== 0) throw new Error(`an update refused with ${rcode}`);
  return true;
}

async function ask(
  server: Endpoint,
  name: string,
  type: number,
): Promise<{ readonly records: readonly Uint8Array[] }> {
  const reply = await exchangeByUdp({
    server,
    query: query({ name, type }),
    timeoutMs: ANSWER_MILLISECONDS,
    isReply: (candidate) => headerOf(candidate).id === 0x1234,
  });
  if (!reply.ok) throw new Error(`no answer about ${name}: ${reply.error}`);
  const message = readMessage(reply.value);
  if (!message.ok) throw new Error(message.error.code);
  const records = message.value.answers.map(({ rdataStart, rdataLength }) => {
    const rdata = readRdata(type, reply.value, rdataStart, rdataLength);
    if (!rdata.ok) throw new Error(rdata.error.code);
    return rdata.value;
  });
  return { records };
}
