/**
 * Everything an RPC peer could use without end, and how much of it there is. Times in milliseconds.
 *
 * By the defaults connections hold at most: 8192 records of some five KiB, 16 MiB of what has
 * arrived, 1.5 KiB more for each, 16 KiB and one reply each of what is not taken. What those who
 * read nothing reach in practice is far less (scripts/bench/hostile.ts: below 512 MiB, all told).
 */
export type RpcLimits = {
  /**
   * Open connections of the listener. For one more the one goes that has used up most of its time
   * limit; where all have calls under way, the new one is closed at once.
   */
  readonly connections: number;
  /** Open connections from one address. */
  readonly connectionsPerAddress: number;
  /** From the TCP connection to a complete bind. */
  readonly bindMilliseconds: number;
  /** From the first octet of a PDU to its last. */
  readonly pduMilliseconds: number;
  /** From the first fragment of a request to its last. */
  readonly requestMilliseconds: number;
  /**
   * Between calls. Windows clients pool a connection for about 20 s after its last use, and closing
   * it under them costs them a failed call: never below 30 s outside tests.
   */
  readonly idleMilliseconds: number;
  /** For a peer that does not read: time without one octet of a reply taken. */
  readonly outputMilliseconds: number;
  /** For the last answer (bind_nak, fault) to leave and the peer to close. */
  readonly closingMilliseconds: number;
  /** Period of the one timer that looks after all of these; they are exact to within one period. */
  readonly tickMilliseconds: number;
  /** Stub octets of one request, over all its fragments. */
  readonly requestOctets: number;
  /** Fragments of one request: empty ones would otherwise never come to `requestOctets`. */
  readonly requestFragments: number;
  /**
   * Accepted presentation contexts of one connection; one more is rejected with `local limit
   * exceeded`.
   */
  readonly contexts: number;
  /** Calls of one connection that await their reply; reading pauses at this number. */
  readonly callsInFlight: number;
  /** PDUs that a connection may have handled at a stretch before the others have their turn. */
  readonly pdusPerTurn: number;
  /**
   * Octets held for incomplete PDUs and requests, over all connections; beside it each may have
   * three times OWN_OCTETS.
   */
  readonly reassemblyOctets: number;
  /** Octets of replies that one connection may have waiting before its requests are left unread. */
  readonly outputOctets: number;
  /** Octets read and thrown away after a last answer, before the connection is cut. */
  readonly discardOctets: number;
  /** Connections that wait to be accepted. */
  readonly backlog: number;
  /**
   * Octets of a connection that the kernel keeps unread, and unsent. What one event brings is no
   * more than that: a thousand peers that pour all they can make no more than so much memory.
   */
  readonly kernelReceiveOctets: number;
  readonly kernelSendOctets: number;
  /** File descriptors that connections leave to the rest of the process. */
  readonly sparedDescriptors: number;
};

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  connections: 8192,
  connectionsPerAddress: 512,
  bindMilliseconds: 10_000,
  pduMilliseconds: 10_000,
  requestMilliseconds: 20_000,
  idleMilliseconds: 60_000,
  outputMilliseconds: 10_000,
  closingMilliseconds: 5_000,
  tickMilliseconds: 250,
  requestOctets: 64 * 1024,
  requestFragments: 2048,
  contexts: 16,
  callsInFlight: 64,
  pdusPerTurn: 64,
  reassemblyOctets: 16 * 1024 * 1024,
  outputOctets: 16 * 1024,
  discardOctets: 128 * 1024,
  backlog: 4096,
  kernelReceiveOctets: 16 * 1024,
  kernelSendOctets: 64 * 1024,
  sparedDescriptors: 1024,
};
