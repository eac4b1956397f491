/** What the service proves its name with: PEM files of the operator's. */
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { HttpSettingError } from "./setting-error.ts";

export type TlsIdentity = {
  /** PEM: the certificate, and those that vouch for it. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
};

const FILE_LENGTH_MAXIMUM = 1024 * 1024;

/** Reads both files and tries them; throws {@link HttpSettingError}. */
export function readTlsFiles(paths: TlsIdentity): TlsIdentity {
  const certificate = readPem("http.tls_certificate", paths.certificate, "CERTIFICATE");
  const key = readPem("http.tls_key", paths.key, "PRIVATE KEY");
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpSettingError(
      `http.tls_certificate and http.tls_key do not go together: ${reason}`,
      "name the key that the certificate was made for, without a pass phrase",
    );
  }
  return { certificate, key };
}

function readPem(setting: string, path: string, kind: string): string {
  const text = readSettingFile(setting, path, FILE_LENGTH_MAXIMUM);
  if (text.includes(`${kind}-----`)) return text;
  throw new HttpSettingError(
    `${setting}: ${path} holds no ${kind.toLowerCase()}`,
    "it has to be a PEM file",
  );
}

/** A small file of text that a key names; throws {@link HttpSettingError}. */
export function readSettingFile(setting: string, path: string, maximum: number): string {
  try {
    const octets = readFileSync(path);
    if (octets.length > maximum) throw new Error(`is larger than ${maximum} octets`);
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpSettingError(`${setting}: ${path} cannot be used: ${reason}`, undefined);
  }
}
