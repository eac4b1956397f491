/**
 * The path of a request as the client sent it, percent-encoding and all, without the query; a
 * target that has none (CONNECT) as it is. Untrusted text.
 */
export function targetPath(url: string): string {
  return /^https?:\/\/[^/]*(\/[^?#]*)/.exec(url)?.[1] ?? url;
}
