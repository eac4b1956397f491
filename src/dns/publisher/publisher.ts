/**
 * Publishes this host into other DNS servers (DNS-6): carries out what the schedule says, over the
 * network, and reports each outcome (EVENT-3).
 */
import type { Clock } from "../../platform/clock.ts";
import { type Endpoint, formatEndpoint } from "../../platform/endpoint.ts";
import type { HmacFunctions } from "../../platform/hmac.ts";
import type { RandomBytes } from "../../platform/randomness.ts";
import { fail, ok, type Result } from "../../platform/result.ts";
import { randomId } from "../ask.ts";
import { Opcode, Rcode } from "../codes.ts";
import { exchangeByTcp, exchangeByUdp } from "../exchange.ts";
import { type Name, nameToText } from "../name.ts";
import { isReply, isTruncated, rcodeText } from "../question.ts";
import {
  signMessage,
  TsigError,
  type TsigKey,
  type TsigReplyError,
  verifyReply,
} from "../tsig/tsig.ts";
import { locate } from "./locate.ts";
import { memoryFromText, memoryToText, type PublicationMemory } from "./memory.ts";
import { BAD_PACKET, dnsHresult, NO_ANSWER } from "./result-code.ts";
import {
  type Job,
  type JobOutcome,
  PublicationSchedule,
  type PublicationStanding,
  type Wish,
} from "./schedule.ts";
import { updateMessage } from "./update-message.ts";

export type PublisherOptions = {
  /** Takes the updates; undefined: found by the SOA of the name. */
  readonly server: Endpoint | undefined;
  /** Who is asked for that SOA. */
  readonly resolvers: readonly Endpoint[];
  /** Where the servers that the SOA names take updates. */
  readonly updatePort?: number;
  readonly key: TsigKey | undefined;
  readonly refreshMs: number;
  /** For each exchange. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly hmac: HmacFunctions;
  readonly memory: PublicationMemory;
  /** Whether this is a listener of ours: what it serves needs no publishing. */
  readonly isOwn: (endpoint: Endpoint) => boolean;
  /** Told of each attempt that ended. */
  readonly report: (job: Job, outcome: JobOutcome) => void;
};

export const DNS_PORT = 53;
const TIMEOUT_MS = 3000;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #schedule: PublicationSchedule;
  #running: Promise<void> = Promise.resolve();
  #saved: string;

  private constructor(options: PublisherOptions, remembered: string | undefined) {
    this.#options = options;
    this.#saved = remembered ?? "";
    const random = (): number => randomId(options.randomBytes) / 0x1_0000;
    const { refreshMs } = options;
    this.#schedule = new PublicationSchedule({ refreshMs, random }, memoryFromText(remembered));
  }

  /** Remembers what an earlier run left at other servers. */
  static async open(options: PublisherOptions): Promise<Publisher> {
    const remembered = await options.memory.load().catch(() => undefined);
    return new Publisher(options, remembered);
  }

  /** To be called with the facts of now, often: does what is due, and returns at once. */
  tick(wishes: readonly Wish[]): void {
    const { clock } = this.#options;
    this.#schedule.want(wishes, clock());
    const jobs = this.#schedule.take(clock());
    // One after another: addresses are there before the SRV that points to them.
    if (jobs.length > 0) this.#running = this.#running.then(() => this.#run(jobs));
  }

  /** Resolves when everything that was begun has ended. */
  settled(): Promise<void> {
    return this.#running;
  }

  standings(): readonly PublicationStanding[] {
    return this.#schedule.standings();
  }

  async #run(jobs: readonly Job[]): Promise<void> {
    // Before anything is sent: whoever ends this process leaves a trace of it.
    await this.#remember();
    for (const job of jobs) {
      const outcome = await this.#perform(job);
      this.#schedule.settle(job, outcome, this.#options.clock());
      this.#options.report(job, outcome);
    }
    await this.#remember();
  }

  async #remember(): Promise<void> {
    const text = memoryToText(this.#schedule.present());
    if (text === this.#saved) return;
    this.#saved = text;
    // Without a store, publication goes on.
    await this.#options.memory.save(text).catch(() => undefined);
  }

  async #perform(job: Job): Promise<JobOutcome> {
    const { server, resolvers, updatePort = DNS_PORT, timeoutMs = TIMEOUT_MS } = this.#options;
    const { randomBytes, isOwn } = this.#options;
    const { name } = job;
    const located = await locate({ name, server, resolvers, updatePort, timeoutMs, randomBytes });
    if (!located.ok) return { ok: false, ...located.error };
    const { apex, servers } = located.value;
    const zone = nameToText(apex);
    const [own] = servers.filter(isOwn);
    if (own !== undefined) {
      const reason = "it is this appliance, which serves the record already";
      return { ok: false, zone, server: formatEndpoint(own), reason, hresult: NO_ANSWER };
    }
    const none = { zone, server: undefined, reason: "no server", hresult: NO_ANSWER };
    let outcome: JobOutcome = { ok: false, ...none };
    for (const candidate of servers) {
      const sent = await this.#update(candidate, apex, job, timeoutMs);
      const at = { zone, server: formatEndpoint(candidate) };
      if (sent.ok) return { ok: true, ...at };
      const { reason, hresult, isAnswer } = sent.error;
      outcome = { ok: false, ...at, reason, hresult };
      // Another server only helps where this one does not answer.
      if (isAnswer) break;
    }
    return outcome;
  }

  async #update(
    server: Endpoint,
    apex: Name,
    job: Job,
    timeoutMs: number,
  ): Promise<Result<undefined, UpdateFailure>> {
    const id = randomId(this.#options.randomBytes);
    const { query, read } = this.#request(id, updateMessage(id, apex, job));
    const exchange = {
      server,
      query,
      timeoutMs,
      isReply: (message: Uint8Array) =>
        isReply(message, id, Opcode.UPDATE) && isCredible(read(message)),
    };
    const byUdp = await exchangeByUdp(exchange);
    const outcome = byUdp.ok && !isTruncated(byUdp.value) ? byUdp : await exchangeByTcp(exchange);
    if (!outcome.ok) {
      return fail({ reason: WORDING[outcome.error], hresult: NO_ANSWER, isAnswer: false });
    }
    const reply = read(outcome.value);
    if (!reply.ok) return fail(signatureFailure(reply.error.code));
    const rcode = (reply.value[3] ?? 0) & 15;
    return rcode === Rcode.NOERROR ? ok(undefined) : fail(refusal(rcode));
  }

  /** Signed where there is a key, and then believed only if the reply is signed too. */
  #request(id: number, message: Uint8Array): SignedRequest {
    const { key, hmac, clock } = this.#options;
    if (key === undefined) return { id, query: message, read: (reply) => ok(reply) };
    const context = () => ({ key, hmac, nowSeconds: Math.floor(clock() / 1000) });
    const { message: query, mac } = signMessage(message, context());
    return { id, query, read: (reply) => verifyReply(reply, mac, context()) };
  }
}

type SignedRequest = {
  readonly id: number;
  readonly query: Uint8Array;
  readonly read: (reply: Uint8Array) => Result<Uint8Array, TsigReplyError>;
};

/** `isAnswer`: the server has said so. */
type UpdateFailure = {
  readonly reason: string;
  readonly hresult: number;
  readonly isAnswer: boolean;
};

/**
 * Anybody can send a reply without the key, and the right one may come yet; but servers refuse
 * without a signature too.
 */
function isCredible(reply: Result<Uint8Array, TsigReplyError>): boolean {
  return reply.ok || reply.error.code in SERVER_ERRORS || reply.error.code === "unsigned";
}

/** What the server itself said of our signature. */
const SERVER_ERRORS: { readonly [code in TsigReplyError["code"]]?: TsigError } = {
  "key-refused": TsigError.BADKEY,
  "signature-refused": TsigError.BADSIG,
  "time-refused": TsigError.BADTIME,
  "truncation-refused": TsigError.BADTRUNC,
};

function signatureFailure(code: TsigReplyError["code"]): UpdateFailure {
  const error = SERVER_ERRORS[code];
  const hresult = error === undefined ? BAD_PACKET : dnsHresult(error);
  return { reason: TSIG_WORDING[code], hresult, isAnswer: true };
}

const WORDING = {
  timeout: "no answer",
  unreachable: "not reached",
  malformed: "an answer that cannot be read",
} as const;

const TSIG_WORDING: { readonly [code in TsigReplyError["code"]]: string } = {
  malformed: "an answer that cannot be read",
  unsigned: "an answer without a signature",
  "wrong-key": "an answer with the signature of another key",
  "wrong-signature": "an answer with a wrong signature",
  "out-of-time": "an answer of another time",
  "key-refused": "BADKEY: the server does not know the key",
  "signature-refused": "BADSIG: the secrets of the key differ",
  "time-refused": "BADTIME: the clocks differ by more than five minutes",
  "truncation-refused": "BADTRUNC: the server wants a longer signature",
};

const UPDATES_REFUSED =
  "the server takes no updates of this zone from here; one that wants Kerberos cannot be served";

function refusal(rcode: number): UpdateFailure {
  const isRefused = rcode === Rcode.REFUSED || rcode === Rcode.NOTAUTH;
  const reason = isRefused ? `${rcodeText(rcode)}: ${UPDATES_REFUSED}` : rcodeText(rcode);
  return { reason, hresult: dnsHresult(rcode), isAnswer: true };
}
