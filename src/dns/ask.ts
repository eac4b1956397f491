/** Asks one server one question: by UDP, and by TCP where the answer does not fit. */
import type { Endpoint } from "../platform/endpoint.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { addressToText } from "./address.ts";
import { Rcode, RecordType } from "./codes.ts";
import { type ExchangeError, exchangeByTcp, exchangeByUdp } from "./exchange.ts";
import { type Name, sameName } from "./name.ts";
import { type Answer, isAnswerTo, isTruncated, questionMessage, readAnswer } from "./question.ts";
import { readSrv, type SrvFields } from "./rdata.ts";
import type { ZoneRecord } from "./zone.ts";

export type AskOptions = {
  readonly server: Endpoint;
  readonly name: Name;
  readonly type: number;
  readonly recursive: boolean;
  /** By UDP, and as long again by TCP. */
  readonly timeoutMs: number;
  readonly randomBytes: RandomBytes;
  /** Not to try UDP first. */
  readonly byTcp?: boolean;
};

/** Aliases followed within one answer. */
const MAX_ALIASES = 8;

export async function askServer(options: AskOptions): Promise<Result<Answer, ExchangeError>> {
  const { server, name, type, recursive, timeoutMs, byTcp = false } = options;
  const question = { id: randomId(options.randomBytes), name, type, recursive };
  const exchange = {
    server,
    query: questionMessage(question),
    timeoutMs,
    isReply: (message: Uint8Array) => isAnswerTo(message, question),
  };
  let outcome = byTcp ? await exchangeByTcp(exchange) : await exchangeByUdp(exchange);
  if (!byTcp && outcome.ok && isTruncated(outcome.value)) outcome = await exchangeByTcp(exchange);
  if (!outcome.ok) return outcome;
  const answer = readAnswer(outcome.value);
  return answer.ok ? ok(answer.value) : fail("malformed");
}

export function randomId(randomBytes: RandomBytes): number {
  const [high = 0, low = 0] = randomBytes(2);
  return (high << 8) | low;
}

/** The records of a type that answer for the name, behind its aliases. */
export function answersOf({ answers }: Answer, name: Name, type: number): readonly ZoneRecord[] {
  let owner = name;
  for (let aliases = 0; aliases < MAX_ALIASES; aliases += 1) {
    const own = answers.filter((record) => sameName(record.name, owner));
    const found = own.filter((record) => record.type === type);
    if (found.length > 0) return found;
    const alias = own.find((record) => record.type === RecordType.CNAME);
    if (alias === undefined) return [];
    owner = alias.rdata;
  }
  return [];
}

/** The SRV records that answer for the name. */
export function servicesOf(answer: Answer, name: Name): readonly SrvFields[] {
  return answersOf(answer, name, RecordType.SRV).map(({ rdata }) => readSrv(rdata));
}

/** IPv4 and IPv6 addresses of a name, as text; empty where nobody knows any. */
export async function askAddresses(
  options: Omit<AskOptions, "type">,
): Promise<Result<readonly string[], ExchangeError>> {
  const types = [RecordType.A, RecordType.AAAA];
  const outcomes = await Promise.all(types.map((type) => askServer({ ...options, type })));
  const addresses = outcomes.flatMap((outcome, index) =>
    outcome.ok && outcome.value.rcode === Rcode.NOERROR
      ? answersOf(outcome.value, options.name, types[index] ?? 0).map(({ rdata }) =>
          addressToText(rdata),
        )
      : [],
  );
  const failed = outcomes.find((outcome) => !outcome.ok);
  return addresses.length === 0 && failed !== undefined ? failed : ok(addresses);
}
