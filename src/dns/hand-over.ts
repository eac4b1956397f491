import type { Endpoint } from "../platform/endpoint.ts";
import type { Transport } from "./codes.ts";

/**
 * Answers an UPDATE message (RFC 2136) whose header is sound and whose rest nobody has looked at.
 * The reply is sent as it is; an empty one is not sent. A rejection is answered SERVFAIL.
 */
export type HandleUpdate = (
  message: Uint8Array,
  peer: Endpoint,
  transport: Transport,
) => Promise<Uint8Array> | Uint8Array;

/**
 * Answers a well-formed message that ends in a TSIG record (RFC 8945), whatever its opcode but
 * UPDATE. `answer` gives the reply of the zones to the message without its signature.
 */
export type HandleSigned = (
  message: Uint8Array,
  peer: Endpoint,
  transport: Transport,
  answer: (unsigned: Uint8Array) => Uint8Array,
) => Promise<Uint8Array> | Uint8Array;

/** Gives the reply to a message that the responder handed over. */
export type HandOver = (
  message: Uint8Array,
  peer: Endpoint,
  transport: Transport,
  reply: (message: Uint8Array) => void,
) => void;
