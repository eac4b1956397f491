import { z } from "zod";
import { THRESHOLD_MAXIMUM } from "../../activation/catalogue.ts";
import { CLIENT_THRESHOLD, SERVER_THRESHOLD } from "../../activation/default-catalogue.ts";
import { PRODUCT_KEY_GROUPS, type ProductKeyGroup } from "../../protocol/types.ts";
import { guid, whole } from "../values.ts";

const NAME_LENGTH_MAXIMUM = 128;

const THRESHOLDS = `${CLIENT_THRESHOLD} for client systems, ${SERVER_THRESHOLD} for servers`;

const groupByName: Readonly<Record<string, ProductKeyGroup>> = Object.fromEntries(
  PRODUCT_KEY_GROUPS.map((group) => [kebab(group), group]),
);

/** `serverA` is written `server-a`: the file has no capitals. */
function kebab(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const productKeyGroup = z
  .enum(PRODUCT_KEY_GROUPS.map(kebab))
  .transform((name): ProductKeyGroup => groupByName[name] ?? "clientVolume");

export const productSection = z
  .strictObject({
    name: z.string().min(1).max(NAME_LENGTH_MAXIMUM).meta({
      description: "How the product is called in reports.",
      example: "Lab Workstation",
    }),
    application_id: guid().meta({
      description: "Products of one application share a count.",
      example: "11111111-1111-4111-8111-111111111111",
    }),
    activation_id: guid().meta({
      description: "Names the product in requests.",
      example: "22222222-2222-4222-8222-222222222222",
    }),
    kind: z.enum(["client", "server"]).default("client").describe("Kind of system."),
    group: productKeyGroup
      .prefault("client-volume")
      .describe("Product key group; a host's key serves its own group and those before it."),
    threshold: whole(1, THRESHOLD_MAXIMUM)
      .optional()
      .meta({
        description: `Count that activates it. Without it: ${THRESHOLDS}.`,
        example: 25,
      }),
  })
  .describe(
    "A product that this host serves besides those built in; repeat the section for each. One with the activation id of a built-in product replaces it.",
  );
