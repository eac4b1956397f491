import { UDP_PAYLOAD_OCTETS } from "./edns.ts";

/** Every bound of the name server in one place. */
export type DnsLimits = {
  /** Largest reply by UDP, and the size we offer; 512 to 4096 octets. */
  readonly udpPayloadOctets: number;
  /** Replies by UDP held back while the socket takes none; more are dropped. */
  readonly udpBacklogReplies: number;
  /** Open TCP connections; one more closes the one that has been quiet the longest. */
  readonly tcpConnections: number;
  /** A connection without a complete message for this long is closed (RFC 7766 §6.2.3). */
  readonly tcpIdleMs: number;
  /** Unsent replies of one connection; a client that reads slower than it asks is closed. */
  readonly tcpBacklogOctets: number;
  /** Updates in progress at once; further ones are answered SERVFAIL. */
  readonly pendingUpdates: number;
  /** Zones of together at most this many record sets have all their answers prepared at once. */
  readonly preparedRecordSets: number;
  /** Answers of larger zones kept prepared. */
  readonly cachedAnswers: number;
};

export const DEFAULT_DNS_LIMITS: DnsLimits = {
  udpPayloadOctets: UDP_PAYLOAD_OCTETS,
  udpBacklogReplies: 1024,
  tcpConnections: 512,
  tcpIdleMs: 10_000,
  tcpBacklogOctets: 1_048_576,
  pendingUpdates: 64,
  preparedRecordSets: 2048,
  cachedAnswers: 16_384,
};
