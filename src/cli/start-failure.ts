/** Why the appliance did not start, for the person who can change that. */
import { IdentityError } from "../authority/identity-error.ts";
import { KeyFileError } from "../config/dns-keys.ts";
import { HttpSettingError } from "../http/setting-error.ts";
import { explainBindError } from "../platform/bind-help.ts";
import { BindError } from "../platform/endpoint.ts";
import { findPortHolders } from "../platform/port-holder.ts";
import { FileTooLargeError } from "../platform/private-files.ts";
import { StoreError } from "../store/health.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CliFailure } from "./failure.ts";

/** Undefined for an error that is a mistake of ours: nothing in the world explains it. */
export function explainStartFailure(error: unknown, programName: string): CliFailure | undefined {
  if (error instanceof BindError) {
    const lines = explainBindError(error, findPortHolders(error.endpoint.port));
    const trial = `to have a look only: ${programName} serve --trial`;
    return new CliFailure(EXIT_CODE.cannotBind, [...lines, trial].join("\n"));
  }
  const known =
    error instanceof StoreError ||
    error instanceof IdentityError ||
    error instanceof HttpSettingError ||
    error instanceof KeyFileError ||
    error instanceof FileTooLargeError ||
    isSystemError(error);
  if (!known) return undefined;
  const hasHint =
    error instanceof IdentityError ||
    error instanceof HttpSettingError ||
    error instanceof KeyFileError;
  const hint = hasHint ? error.hint : undefined;
  return new CliFailure(EXIT_CODE.failure, `cannot start: ${error.message}`, hint);
}

/** From the operating system: a folder that may not be written, a medium that is full. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error && "code" in error;
}
