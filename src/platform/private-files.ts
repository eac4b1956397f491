import { chmod, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Files that only their owner may read: keys, and what names a machine. Folders 0700, files 0600.
 *
 * Lax permissions are repaired where the medium keeps permissions; where it keeps none (FAT,
 * exFAT), the reader is told and decides. Writes are atomic and on the medium when the promise
 * resolves.
 */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;

export type PermissionNotice = {
  readonly path: string;
  /** `unprotected`: others could read it, and still can. */
  readonly kind: "repaired" | "unprotected";
  /** The permission bits that were found. */
  readonly mode: number;
};

export type PrivateText = {
  readonly text: string;
  readonly notice: PermissionNotice | undefined;
};

/** A file was larger than anything of ours. */
export class FileTooLargeError extends Error {
  constructor(path: string, length: number) {
    super(`${path}: ${length} octets are too many`);
    this.name = "FileTooLargeError";
  }
}

/**
 * Creates the folder and those above it where they are missing; one that is there stays as it is.
 */
export async function createPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

/**
 * As {@link createPrivateFolder}, and takes others' permissions away where the folder was there.
 */
export async function ensurePrivateFolder(path: string): Promise<PermissionNotice | undefined> {
  await createPrivateFolder(path);
  return protect(path, FOLDER_MODE);
}

/** Reads a whole file of UTF-8. Throws the system's error, or {@link FileTooLargeError}. */
export async function readPrivateFile(path: string, maximum: number): Promise<PrivateText> {
  const notice = await protect(path, FILE_MODE);
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > maximum) throw new FileTooLargeError(path, size);
    return { text: await file.readFile("utf8"), notice };
  } finally {
    await file.close();
  }
}

/** Writes a new file and syncs it; an existing one is an error (EEXIST). */
export async function writeNewPrivateFile(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file or creates it: at any moment the old text or the new one is there, whole. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await writeNewPrivateFile(temporary, text);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Puts a rename or a new name on the medium. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folder, and needs no sync of one: its renames are journaled.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Takes others' permissions away and looks whether they went. */
async function protect(path: string, mode: number): Promise<PermissionNotice | undefined> {
  // Windows has access lists instead; the bits that stat makes up there say nothing.
  if (process.platform === "win32") return undefined;
  const found = (await stat(path)).mode & 0o777;
  if ((found & OTHERS) === 0) return undefined;
  try {
    await chmod(path, mode);
  } catch {
    // A medium without permissions, a read-only one, or a file of another user: looked at below.
  }
  const left = (await stat(path)).mode & OTHERS;
  return { path, kind: left === 0 ? "repaired" : "unprotected", mode: found };
}

/** A sentence for log and status. */
export function formatPermissionNotice({ path, kind, mode }: PermissionNotice): string {
  const octal = `0${mode.toString(8)}`;
  return kind === "repaired"
    ? `${path}: others had permissions on it (mode ${octal}); they were taken away`
    : `${path}: others have permissions on it (mode ${octal}) and the medium does not let them be ` +
        "taken away: whoever can read this medium can speak for this machine";
}
