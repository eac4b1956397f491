import { fail, ok, type Result } from "../platform/result.ts";
import { parseGuid } from "../protocol/guid.ts";
import type { Guid, ProductKeyGroup } from "../protocol/types.ts";

/** One product that a host can activate: an edition of a client or a server system. */
export type Product = {
  /** As status and reports print it. */
  readonly name: string;
  /** Products of one application share one count (COUNT-5). */
  readonly applicationId: Guid;
  /** Names the product; unique in the catalogue. */
  readonly activationId: Guid;
  /** The least host key group that serves it (HOST-6). */
  readonly group: ProductKeyGroup;
  /** The count from which its clients activate (COUNT-2): 25 for clients, 5 for servers. */
  readonly threshold: number;
  readonly kind: "client" | "server";
};

/** An application id and what the catalogue knows under it. */
type CatalogueApplication = {
  readonly applicationId: Guid;
  readonly products: readonly Product[];
  /** The largest threshold of its products. */
  readonly largestThreshold: number;
};

/** The products that a host knows. Built once from the configuration; never changes. */
export type Catalogue = {
  readonly products: readonly Product[];
  readonly applications: readonly CatalogueApplication[];
  /** No required count beyond this sizes a cache (COUNT-7). */
  readonly largestThreshold: number;
  /** By activation id in lower case. */
  readonly find: (activationId: Guid) => Product | undefined;
};

export type CatalogueError = {
  readonly code: "empty" | "tooMany" | "notGuid" | "zeroGuid" | "duplicate" | "threshold";
  /** Position of the product at fault in the list given. */
  readonly index: number;
  readonly field: "products" | "applicationId" | "activationId" | "threshold";
};

/** More products than this are a mistake in a configuration, not a catalogue. */
export const PRODUCTS_MAXIMUM = 4096;
/**
 * The largest threshold a product may have. Twice this is the size of a cache, and so of the
 * memory that an application's clients can claim (COUNT-7).
 */
export const THRESHOLD_MAXIMUM = 10_000;

export const ZERO_GUID: Guid = "00000000-0000-0000-0000-000000000000";

/** Checks products from a configuration and makes them findable. GUIDs in either case. */
export function createCatalogue(products: readonly Product[]): Result<Catalogue, CatalogueError> {
  if (products.length === 0) return refuse("empty", 0, "products");
  if (products.length > PRODUCTS_MAXIMUM) return refuse("tooMany", PRODUCTS_MAXIMUM, "products");
  const byActivationId = new Map<Guid, Product>();
  for (const [index, product] of products.entries()) {
    const applicationId = parseGuid(product.applicationId);
    const activationId = parseGuid(product.activationId);
    if (applicationId === undefined) return refuse("notGuid", index, "applicationId");
    if (activationId === undefined) return refuse("notGuid", index, "activationId");
    if (applicationId === ZERO_GUID) return refuse("zeroGuid", index, "applicationId");
    if (activationId === ZERO_GUID) return refuse("zeroGuid", index, "activationId");
    if (byActivationId.has(activationId)) return refuse("duplicate", index, "activationId");
    const { threshold } = product;
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > THRESHOLD_MAXIMUM) {
      return refuse("threshold", index, "threshold");
    }
    byActivationId.set(activationId, { ...product, applicationId, activationId });
  }
  return ok(assemble(byActivationId));
}

function assemble(byActivationId: ReadonlyMap<Guid, Product>): Catalogue {
  const products = [...byActivationId.values()];
  const applications = [...Map.groupBy(products, (product) => product.applicationId)].map(
    ([applicationId, ofApplication]) => ({
      applicationId,
      products: ofApplication,
      largestThreshold: largestOf(ofApplication),
    }),
  );
  return {
    products,
    applications,
    largestThreshold: largestOf(products),
    find: (activationId) => byActivationId.get(activationId),
  };
}

function largestOf(products: readonly Product[]): number {
  return products.reduce((largest, { threshold }) => Math.max(largest, threshold), 1);
}

function refuse(
  code: CatalogueError["code"],
  index: number,
  field: CatalogueError["field"],
): Result<never, CatalogueError> {
  return fail({ code, index, field });
}
