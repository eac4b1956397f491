/** The token that opens client details to other machines. */
import { HttpSettingError } from "./setting-error.ts";
import { readSettingFile } from "./tls-files.ts";

const TOKEN_LENGTH_MINIMUM = 16;
const TOKEN_LENGTH_MAXIMUM = 256;
export const TOKEN_FORM_WORDS = `${TOKEN_LENGTH_MINIMUM} to ${TOKEN_LENGTH_MAXIMUM} letters, digits and -._~+/, = at its end`;

/** A bearer token (RFC 6750 section 2.1), long enough not to be guessed. */
export function isToken(text: string): boolean {
  const { length } = text;
  if (length < TOKEN_LENGTH_MINIMUM || length > TOKEN_LENGTH_MAXIMUM) return false;
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(text);
}

/** Reads the token from its file, without the line end; throws {@link HttpSettingError}. */
export function readTokenFile(path: string): string {
  const text = readSettingFile("http.token_file", path, 4096).trim();
  if (isToken(text)) return text;
  throw new HttpSettingError(`http.token_file: ${path} holds no token`, TOKEN_FORM_WORDS);
}
