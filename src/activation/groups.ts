import { PRODUCT_KEY_GROUPS, type ProductKeyGroup } from "../protocol/types.ts";

/** Whether a host key of `hostGroup` serves products of `productGroup` (HOST-6). */
export function groupServes(hostGroup: ProductKeyGroup, productGroup: ProductKeyGroup): boolean {
  return PRODUCT_KEY_GROUPS.indexOf(productGroup) <= PRODUCT_KEY_GROUPS.indexOf(hostGroup);
}
