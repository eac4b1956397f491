/** Every exit code of `muster`. Scripts and the service unit rely on them: they do not change. */
export const EXIT_CODE = {
  ok: 0,
  failure: 1,
  /** The command line was not understood. */
  usage: 2,
  /** The configuration has mistakes. */
  configuration: 3,
  /** A listener could not be opened. */
  cannotBind: 4,
  /** No appliance answers. */
  notRunning: 5,
  /** A check of `doctor` failed. */
  doctorFailed: 6,
  /** Client: the host's count is below this client's threshold. */
  countTooLow: 10,
  /** Client: the host answered with an error. */
  refused: 11,
  /** Client: no host was found or reached. */
  unreachable: 12,
  /** Client: the host's signature or licence is not one that this client trusts. */
  notTrusted: 13,
} as const;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
