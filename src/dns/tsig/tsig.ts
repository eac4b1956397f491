/** Transaction signatures (RFC 8945), for servers and for clients. */
export { signMessage, type TsigReplyError, verifyReply } from "./client.ts";
export { TSIG_ALGORITHMS, type TsigAlgorithm, type TsigKey, TsigKeys } from "./key.ts";
export { TsigError } from "./record.ts";
export { type CheckedRequest, checkRequest, type SignReply } from "./request.ts";
