/** Who may update, and the secrets of keys where they lie in files of their own. */
import type { Name } from "../dns/name.ts";
import { nameToText } from "../dns/name.ts";
import type { TsigKey } from "../dns/tsig/tsig.ts";
import type { Grant } from "../dns/update/policy.ts";
import { formatPermissionNotice, readPrivateFile } from "../platform/private-files.ts";
import type { AddressBlock } from "../rpc/addresses.ts";
import { readSecret } from "./values.ts";

export type UpdateSettings = {
  /** Who may update without a key; nobody where it is empty. */
  readonly allow: readonly AddressBlock[];
  readonly grants: readonly Grant[];
};

export type KeySettings = Omit<TsigKey, "secret"> & {
  /** One of both is there; the file goes first. */
  readonly secret: Uint8Array | undefined;
  readonly secretFile: string | undefined;
  readonly grants: readonly Grant[];
};

/** A key with its secret, and what may be written with it. */
type GrantedKey = TsigKey & { readonly grants: readonly Grant[] };

export type ReadKeys = {
  readonly keys: readonly GrantedKey[];
  /** Sentences about files that others can read. */
  readonly notices: readonly string[];
};

/** What a key's file holds is no secret. */
export class KeyFileError extends Error {
  readonly hint = "it has to hold the secret in base64, and nothing else";
}

const FILE_OCTETS_MAXIMUM = 4096;

/** Rejects with the system's error, `FileTooLargeError` or {@link KeyFileError}. */
export async function readKeys(settings: readonly KeySettings[]): Promise<ReadKeys> {
  const keys: GrantedKey[] = [];
  const notices: string[] = [];
  for (const { name, algorithm, grants, secret: given, secretFile } of settings) {
    const read = secretFile === undefined ? undefined : await readSecretFile(name, secretFile);
    if (read?.notice !== undefined) notices.push(read.notice);
    const secret = read?.secret ?? given;
    if (secret === undefined) throw new Error("the configuration's rules want a secret");
    keys.push({ name, algorithm, grants, secret });
  }
  return { keys, notices };
}

async function readSecretFile(
  name: Name,
  path: string,
): Promise<{ readonly secret: Uint8Array; readonly notice: string | undefined }> {
  const { text, notice } = await readPrivateFile(path, FILE_OCTETS_MAXIMUM);
  const secret = readSecret(text.trim());
  if (secret === undefined) {
    throw new KeyFileError(`dns.key ${nameToText(name)}: ${path} holds no secret`);
  }
  return { secret, notice: notice && formatPermissionNotice(notice) };
}
