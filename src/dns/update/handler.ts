/** From an UPDATE message, or another one that is signed, to its reply (RFC 2136, RFC 8945). */
import type { Clock } from "../../platform/clock.ts";
import type { Endpoint } from "../../platform/endpoint.ts";
import type { HmacFunctions } from "../../platform/hmac.ts";
import { HEADER_OCTETS, MAX_MESSAGE_OCTETS, Rcode, Transport } from "../codes.ts";
import { EDNS_VERSION, type EdnsQuery, MINIMUM_PAYLOAD_OCTETS } from "../edns.ts";
import type { HandleSigned, HandleUpdate } from "../hand-over.ts";
import { nameToText } from "../name.ts";
import {
  headerReply,
  questionReply,
  type RawMessage,
  readMessage,
  readOpt,
  truncateReply,
} from "../raw-message.ts";
import {
  type CheckedRequest,
  checkRequest,
  type SignReply,
  TsigError,
  type TsigKey,
  type TsigKeys,
} from "../tsig/tsig.ts";
import type { Grant, Requester } from "./policy.ts";
import { readUpdate, readZoneName } from "./request.ts";
import type { UpdateOutcome, ZoneKeeper } from "./zone-keeper.ts";

/** What happened to an update, or to a signature; for the log. */
export type UpdateEvent = {
  readonly kind: "update" | "signature-rejected";
  /** Of an update, as text; undefined where it named none. */
  readonly zone: string | undefined;
  /** The key that signed it; undefined without a signature, or with one that is not valid. */
  readonly key: string | undefined;
  readonly peer: Endpoint;
  readonly rcode: number;
  readonly tsigError: TsigError;
  /** Whether the zone is another one now. */
  readonly changed: boolean;
};

export type UpdateHandlerOptions = {
  readonly keeper: ZoneKeeper;
  readonly keys: TsigKeys;
  readonly grantsOf: (key: TsigKey) => readonly Grant[];
  /** What may be written without a signature from this address; nothing for most. */
  readonly grantsWithoutKey: (address: string) => readonly Grant[];
  readonly hmac: HmacFunctions;
  readonly clock: Clock;
  /** The largest reply by UDP. */
  readonly udpPayloadOctets: number;
  readonly log?: (event: UpdateEvent) => void;
};

type Peer = { readonly endpoint: Endpoint; readonly transport: Transport };

export class UpdateHandler {
  readonly #options: UpdateHandlerOptions;

  constructor(options: UpdateHandlerOptions) {
    this.#options = options;
  }

  readonly handleUpdate: HandleUpdate = async (octets, endpoint, transport) => {
    const read = readMessage(octets);
    if (!read.ok) return headerReply(octets, Rcode.FORMERR);
    const message = read.value;
    const edns = readOpt(message);
    const check = this.#check(message);
    if (edns === "malformed" || check.kind === "malformed") {
      return headerReply(octets, Rcode.FORMERR);
    }
    const peer = { endpoint, transport };
    if (check.kind === "rejected") return this.#reject(message, edns, check, peer);
    const key = check.kind === "verified" ? check.key : undefined;
    const isOurVersion = edns === undefined || edns.version === EDNS_VERSION;
    const outcome = isOurVersion
      ? await this.#update(message, key, endpoint)
      : { rcode: Rcode.BADVERS, changed: false };
    this.#log(message, endpoint, { key, ...outcome });
    const reply = questionReply(message, edns, outcome.rcode, this.#options.udpPayloadOctets);
    if (check.kind === "unsigned") return reply;
    return signWithin(reply, check.sign, this.#room(edns, transport));
  };

  readonly handleSigned: HandleSigned = (octets, endpoint, transport, answer) => {
    const read = readMessage(octets);
    if (!read.ok) return headerReply(octets, Rcode.FORMERR);
    const message = read.value;
    const edns = readOpt(message);
    const check = this.#check(message);
    if (edns === "malformed" || check.kind === "malformed") {
      return headerReply(octets, Rcode.FORMERR);
    }
    if (check.kind === "rejected") {
      return this.#reject(message, edns, check, { endpoint, transport });
    }
    if (check.kind === "unsigned") return answer(octets);
    const reply = answer(check.unsigned);
    // What is left unanswered without a signature is so with one.
    if (reply.length < HEADER_OCTETS) return reply;
    return signWithin(reply, check.sign, this.#room(edns, transport));
  };

  #check(message: RawMessage): CheckedRequest {
    const { keys, hmac, clock } = this.#options;
    return checkRequest(message, { keys, hmac, nowSeconds: Math.floor(clock() / 1000) });
  }

  #reject(
    message: RawMessage,
    edns: EdnsQuery | undefined,
    { error, sign }: Extract<CheckedRequest, { kind: "rejected" }>,
    { endpoint, transport }: Peer,
  ): Uint8Array {
    const event = { kind: "signature-rejected", key: undefined, tsigError: error } as const;
    this.#log(message, endpoint, { ...event, rcode: Rcode.NOTAUTH, changed: false });
    const reply = questionReply(message, edns, Rcode.NOTAUTH, this.#options.udpPayloadOctets);
    return signWithin(reply, sign, this.#room(edns, transport));
  }

  async #update(
    message: RawMessage,
    key: TsigKey | undefined,
    { address }: Endpoint,
  ): Promise<UpdateOutcome> {
    const { keeper } = this.#options;
    const refuse = (rcode: UpdateOutcome["rcode"]) => ({ rcode, changed: false });
    const apex = readZoneName(message);
    if (!apex.ok) return refuse(apex.error);
    if (!keeper.has(apex.value)) return refuse(Rcode.NOTAUTH);
    const requester = this.#requester(key, address);
    if (requester.grants.length === 0) return refuse(Rcode.REFUSED);
    const request = readUpdate(message, (name) => keeper.belongs(name, apex.value));
    if (!request.ok) return refuse(request.error);
    return keeper.submit({ apex: apex.value, request: request.value, requester });
  }

  #requester(key: TsigKey | undefined, address: string): Requester {
    const { grantsOf, grantsWithoutKey } = this.#options;
    if (key === undefined) return { keyName: undefined, grants: grantsWithoutKey(address) };
    return { keyName: key.name, grants: grantsOf(key) };
  }

  /** The largest reply that the client takes. */
  #room(edns: EdnsQuery | undefined, transport: Transport): number {
    if (transport === Transport.TCP) return MAX_MESSAGE_OCTETS;
    const offered = edns?.payloadOctets ?? MINIMUM_PAYLOAD_OCTETS;
    return Math.min(offered, Math.max(MINIMUM_PAYLOAD_OCTETS, this.#options.udpPayloadOctets));
  }

  #log(
    message: RawMessage,
    peer: Endpoint,
    facts: {
      readonly kind?: UpdateEvent["kind"];
      readonly key: TsigKey | undefined;
      readonly rcode: number;
      readonly tsigError?: TsigError;
      readonly changed: boolean;
    },
  ): void {
    const { kind = "update", key, rcode, tsigError = TsigError.NONE, changed } = facts;
    const [zone] = message.questions;
    this.#options.log?.({
      kind,
      zone: zone && nameToText(message.octets.subarray(zone.start, zone.nameEnd)),
      key: key && nameToText(key.name),
      peer,
      rcode,
      tsigError,
      changed,
    });
  }
}

/** Signs the reply; where it is too long then, the client has to ask again by TCP. */
function signWithin(reply: Uint8Array, sign: SignReply, room: number): Uint8Array {
  const signed = sign(reply);
  return signed.length <= room ? signed : sign(truncateReply(reply));
}
