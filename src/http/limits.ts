/**
 * What HTTP clients may ask for. Every limit of the service, in one place.
 *
 * One that is the runtime's: a client that sends a request before the last one is answered
 * (pipelining, RFC 9112 section 9.3.2) loses its connection. No browser does, nor curl.
 */
export type HttpLimits = {
  /** Connections open at once, all together; one more is closed at once. */
  readonly connections: number;
  /** Connections open at once from one address. */
  readonly connectionsPerAddress: number;
  /** Seconds that a client may leave what was sent to it unread. */
  readonly stallSeconds: number;
  /** Octets of the request target as the client sent it; beyond: 414. */
  readonly targetOctets: number;
  /**
   * Octets of all header fields together, names and values; beyond: 431. The runtime itself answers
   * 431, without a body, from 16,384 octets or 200 fields on.
   */
  readonly headerOctets: number;
  /** Octets of a request's content; beyond: 413. */
  readonly bodyOctets: number;
  /**
   * Seconds without traffic before a connection is closed, at most 255. The runtime counts in steps
   * of four seconds, and gives a connection up to twelve to send its whole header, however slowly.
   */
  readonly idleSeconds: number;
  /** Requests in work at once, all together; beyond: 503. */
  readonly requestsAtOnce: number;
  /** Requests in work at once from one address; beyond: 429. */
  readonly requestsAtOncePerAddress: number;
  /** Event streams open at once, all together; beyond: 503. Each is a connection too. */
  readonly streams: number;
  /** Event streams open at once from one address; beyond: 429. */
  readonly streamsPerAddress: number;
};

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  connections: 128,
  connectionsPerAddress: 32,
  stallSeconds: 30,
  targetOctets: 2048,
  headerOctets: 8192,
  bodyOctets: 65_536,
  idleSeconds: 10,
  requestsAtOnce: 256,
  requestsAtOncePerAddress: 32,
  streams: 64,
  streamsPerAddress: 16,
};

/** What clients that were turned away are told to wait. */
export const RETRY_AFTER_SECONDS = 1;
