/** Smaller answers for who takes them (RFC 9110 section 12.5.3). */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { sha256 } from "../platform/hash.ts";
import type { HttpContext, HttpMiddleware } from "./environment.ts";

export type Coding = "br" | "gzip" | "identity";

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/** The best coding that the client accepts. `identity` where it says nothing of them. */
export function acceptedCoding(field: string | undefined): Coding {
  const accepted = new Set(
    (field ?? "")
      .toLowerCase()
      .split(",", 16)
      .map((part) => part.trim().replaceAll(/\s/g, ""))
      .filter((part) => !/;q=0(\.0{0,3})?$/.test(part))
      .map((part) => part.split(";")[0]),
  );
  if (accepted.has("br")) return "br";
  return accepted.has("gzip") || accepted.has("*") ? "gzip" : "identity";
}

/** Gzips what a route answers, where it is worth it. In a thread of the system's pool. */
export const gzipped: HttpMiddleware = async (context, next) => {
  await next();
  const { res, req } = context;
  if (acceptedCoding(req.header("accept-encoding")) === "identity" || req.method === "HEAD") return;
  const content = Buffer.from(await res.arrayBuffer());
  const headers = new Headers(res.headers);
  headers.append("vary", "Accept-Encoding");
  const { status } = res;
  context.res = undefined;
  if (content.length < WORTHWHILE_OCTETS) {
    context.res = new Response(content, { status, headers });
    return;
  }
  headers.set("content-encoding", "gzip");
  context.res = new Response(await compressGzip(content, { level: 6 }), { status, headers });
};

/** Less fits one packet anyway. */
const WORTHWHILE_OCTETS = 1024;

/** Content that changes with the program alone: compressed once, revalidated by its tag. */
export class StaticContent {
  readonly #mediaType: string;
  readonly #make: () => string | Promise<string>;
  #made: Promise<Variants> | undefined;

  constructor(mediaType: string, make: () => string | Promise<string>) {
    this.#mediaType = mediaType;
    this.#make = make;
  }

  readonly respond = async ({ req }: HttpContext): Promise<Response> => {
    this.#made ??= makeVariants(await this.#make());
    const variants = await this.#made;
    const coding = acceptedCoding(req.header("accept-encoding"));
    const { tag, content } = variants[coding];
    const headers: Record<string, string> = {
      "content-type": this.#mediaType,
      "cache-control": "no-cache",
      vary: "Accept-Encoding",
      etag: tag,
    };
    if (matches(req.header("if-none-match"), tag)) {
      return new Response(null, { status: 304, headers });
    }
    if (coding !== "identity") headers["content-encoding"] = coding;
    return new Response(content, { headers });
  };
}

type Variants = Readonly<
  Record<Coding, { readonly tag: string; readonly content: Uint8Array<ArrayBuffer> }>
>;

async function makeVariants(text: string): Promise<Variants> {
  const octets = new TextEncoder().encode(text);
  const digest = sha256(octets).toBase64({ alphabet: "base64url" }).slice(0, 22);
  const [br, compressed] = await Promise.all([
    compressBrotli(octets, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: octets.length,
      },
    }),
    compressGzip(octets, { level: 9 }),
  ]);
  return {
    identity: { tag: `"${digest}"`, content: octets },
    br: { tag: `"${digest}-br"`, content: Uint8Array.from(br) },
    gzip: { tag: `"${digest}-gzip"`, content: Uint8Array.from(compressed) },
  };
}

/** RFC 9110 section 13.1.2, by weak comparison. */
function matches(field: string | undefined, tag: string): boolean {
  if (field === undefined) return false;
  const listed = field.split(",", 16).map((part) => part.trim().replace(/^W\//, ""));
  return listed.includes(tag) || listed.includes("*");
}
