import type { CommandContext } from "@stricli/core";
import type { startAppliance } from "../appliance.ts";
import type { SignalSource } from "../platform/signals.ts";

/** A place to write to. `isTerminal`: a person reads it, colour and width are welcome. */
export type Output = {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly getColorDepth: (environment?: Readonly<Partial<Record<string, string>>>) => number;
};

/** All that a command uses of the world, so that tests run commands without a process. */
export type CliContext = CommandContext & {
  readonly process: {
    /** Data. */
    readonly stdout: Output;
    /** Talk. */
    readonly stderr: Output;
    readonly env: Readonly<Record<string, string | undefined>>;
    exitCode?: number | string | null;
  };
  /** How the user called us, for the commands we suggest. */
  readonly programName: string;
  readonly hostName: string;
  /** Absolute; where relative paths start without a configuration file. */
  readonly baseDirectory: string;
  readonly signals: SignalSource;
  /** Ends the process without further ado. */
  readonly exitAtOnce: (signal: NodeJS.Signals) => void;
  readonly fetch: (url: string, options: BunFetchRequestInit) => Promise<Response>;
  readonly startAppliance: typeof startAppliance;
};
