/** What scripts/build.mjs writes into the executable; run from source, neither is there. */
declare const MUSTER_VERSION: string | undefined;
declare const MUSTER_COMMIT: string | undefined;

export type BuildInfo = {
  readonly version: string;
  /**
   * Twelve hexadecimal digits, `-modified` behind them where the sources differed; or `unknown`.
   */
  readonly commit: string;
  /** Whether this is the executable, as against `bun src/main.ts`. */
  readonly compiled: boolean;
};

export const buildInfo: BuildInfo = {
  version: typeof MUSTER_VERSION === "undefined" ? "0.0.0-source" : MUSTER_VERSION,
  commit: typeof MUSTER_COMMIT === "undefined" ? "unknown" : MUSTER_COMMIT,
  compiled: typeof MUSTER_VERSION !== "undefined",
};
