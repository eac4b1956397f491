import { dirname } from "node:path";
import {
  createPrivateFolder,
  FileTooLargeError,
  formatPermissionNotice,
  readPrivateFile,
  replacePrivateFile,
} from "../platform/private-files.ts";
import { type ClientState, formatClientState, parseClientState } from "./state.ts";
import { ClientStateError } from "./state-error.ts";

/** A client's whole state, its kept licences included, takes far less. */
const STATE_FILE_LENGTH_MAXIMUM = 131_072;

export type LoadedState = {
  readonly state: ClientState;
  /** Sentences for the user, such as repaired permissions. */
  readonly notices: readonly string[];
};

/** undefined where there is no file. Throws {@link ClientStateError}. */
export async function loadClientState(path: string): Promise<LoadedState | undefined> {
  let text: string;
  const notices: string[] = [];
  try {
    const read = await readPrivateFile(path, STATE_FILE_LENGTH_MAXIMUM);
    text = read.text;
    if (read.notice !== undefined) notices.push(formatPermissionNotice(read.notice));
  } catch (error) {
    if (error instanceof FileTooLargeError)
      throw corrupt(path, "it is too large to be one of ours");
    const code = codeOf(error);
    if (code === "ENOENT") return undefined;
    const hint = "the account that runs this client must own its state file";
    throw new ClientStateError("unreadable", path, `cannot be read: ${code}`, hint);
  }
  const parsed = parseClientState(text);
  if (!parsed.ok) throw corrupt(path, parsed.error);
  return { state: parsed.value, notices };
}

/** Replaces the file as a whole; the new one is on the medium when this resolves. */
export async function saveClientState(path: string, state: ClientState): Promise<void> {
  try {
    await createPrivateFolder(dirname(path));
    await replacePrivateFile(path, formatClientState(state));
  } catch (error) {
    const hint = "the folder must be writable, with room on its medium";
    throw new ClientStateError("unwritable", path, `cannot be written: ${codeOf(error)}`, hint);
  }
}

function corrupt(path: string, what: string): ClientStateError {
  const hint =
    "restore it from a backup; or, to begin anew as another client (with another CMID), " +
    "move it away";
  return new ClientStateError("corrupt", path, `is not a client's state: ${what}`, hint);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
