import type { ExitCode } from "./exit-code.ts";

/** A command's end that is not success: returned or thrown by it, printed by the application. */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  /** The message may have several lines, or be empty where the command has already said it all. */
  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.name = "CliFailure";
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
