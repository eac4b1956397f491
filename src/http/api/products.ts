import type { Product } from "../../activation/catalogue.ts";
import { parseGuid } from "../../protocol/guid.ts";
import type { Guid } from "../../protocol/types.ts";
import type { ProductName } from "./views.ts";

export function productNames(products: readonly Product[]): ProductName {
  const names = new Map(products.map(({ activationId, name }) => [activationId, name]));
  return (activationId) => names.get(activationId);
}

/**
 * The activation id that a parameter means: itself, whether the catalogue has it or not, or the one
 * of the product with this name, in either case. Undefined where no product has the name.
 */
export function activationIdOf(product: string, products: readonly Product[]): Guid | undefined {
  if (parseGuid(product) !== undefined) return product.toLowerCase();
  const wanted = product.toLowerCase();
  return products.find(({ name }) => name.toLowerCase() === wanted)?.activationId;
}
