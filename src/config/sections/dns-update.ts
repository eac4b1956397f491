/** Dynamic updates: who may, and the keys they sign with (DNS-7). */
import { z } from "zod";
import { TSIG_ALGORITHMS } from "../../dns/tsig/tsig.ts";
import { addressBlock, filePath, keyName, keySecret, updateGrant } from "../values.ts";

const GRANT_WORDS =
  "A name, *.NAME for all below it, or * for all, then the types; without types all but SOA, NS, DS and DNAME, with ANY all.";

export const updateSection = z
  .strictObject({
    allow: z
      .array(addressBlock())
      .prefault([])
      .meta({
        description:
          "Addresses that may update without a key. Others are refused, and so are all by default: a sender's address proves little.",
        example: ["192.0.2.0/24"],
      }),
    grants: z
      .array(updateGrant({ mayBeSelf: false }))
      .prefault(["* A AAAA PTR"])
      .describe(`What they may write. ${GRANT_WORDS}`),
  })
  .prefault({})
  .describe(
    "Dynamic updates (RFC 2136) from other hosts. Records of this host and of this file cannot be changed by them.",
  );

export const keySection = z
  .strictObject({
    name: keyName().meta({
      description: "Name of the key, the same on both sides.",
      example: "pc7.lab.internal",
    }),
    algorithm: z.enum(TSIG_ALGORITHMS).default("hmac-sha256").describe("Algorithm."),
    secret: keySecret().optional().meta({
      description: "The secret in base64, for example from `openssl rand -base64 32`.",
      example: "bXVzdGVyLWV4YW1wbGUtc2VjcmV0LTMyLW9jdGV0cyE=",
      secret: true,
    }),
    secret_file: filePath().optional().meta({
      description:
        "A file that holds the secret instead. A relative path starts at this file's folder.",
      example: "pc7.key",
    }),
    grants: z
      .array(updateGrant({ mayBeSelf: true }))
      .prefault(["self A AAAA"])
      .describe(
        `What may be written with it; "self" is the key's own name, and nothing is needed to ask only. ${GRANT_WORDS}`,
      ),
  })
  .describe(
    "A key shared with another host, which signs updates or queries with it (TSIG, RFC 8945); repeat the section for each.",
  );
