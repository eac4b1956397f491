import { describe, expect, test } from "bun:test";
import {
  type CatalogueError,
  createCatalogue,
  PRODUCTS_MAXIMUM,
  type Product,
  THRESHOLD_MAXIMUM,
  ZERO_GUID,
} from "../../src/activation/catalogue.ts";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { PRODUCT_KEY_GROUPS } from "../../src/protocol/types.ts";
import { CATALOGUE, CLIENT_PRODUCT, catalogueOf, cmid } from "./support.ts";

describe("the default catalogue", () => {
  test("has several products in every product key group (HOST-6)", () => {
    for (const group of PRODUCT_KEY_GROUPS) {
      const names = DEFAULT_CATALOGUE.filter((product) => product.group === group);
      expect(names.length).toBeGreaterThanOrEqual(2);
    }
  });

  test("asks 25 of client systems and 5 of servers (COUNT-2)", () => {
    expect(CATALOGUE.largestThreshold).toBe(25);
    for (const { kind, group, threshold } of DEFAULT_CATALOGUE) {
      expect(kind === "server").toBe(group !== "clientVolume");
      if (kind === "server") expect(threshold).toBe(5);
    }
  });

  test("finds its products by activation id and no other", () => {
    expect(CATALOGUE.find(CLIENT_PRODUCT.activationId)?.name).toBe(CLIENT_PRODUCT.name);
    expect(CATALOGUE.find(ZERO_GUID)).toBeUndefined();
    expect(CATALOGUE.applications).toHaveLength(2);
  });
});

test("ids in upper case and braces become the form that requests are decoded to", () => {
  const shouted = `{${CLIENT_PRODUCT.activationId.toUpperCase()}}`;
  const catalogue = catalogueOf([{ ...CLIENT_PRODUCT, activationId: shouted }]);
  expect(catalogue.find(CLIENT_PRODUCT.activationId)).toBeDefined();
});

describe("a catalogue is refused", () => {
  const other = { ...CLIENT_PRODUCT, activationId: cmid(1) };
  const many = Array.from({ length: PRODUCTS_MAXIMUM + 1 }, (_, index) => ({
    ...CLIENT_PRODUCT,
    activationId: cmid(index),
  }));
  const table: readonly (readonly [string, readonly Product[], CatalogueError])[] = [
    ["empty", [], { code: "empty", index: 0, field: "products" }],
    ["too many", many, { code: "tooMany", index: PRODUCTS_MAXIMUM, field: "products" }],
    [
      "the same product twice",
      [other, { ...other }],
      { code: "duplicate", index: 1, field: "activationId" },
    ],
    [
      "an id that is no GUID",
      [{ ...other, activationId: "25" }],
      { code: "notGuid", index: 0, field: "activationId" },
    ],
    [
      "an id of zeros",
      [{ ...other, applicationId: ZERO_GUID }],
      { code: "zeroGuid", index: 0, field: "applicationId" },
    ],
    [
      "threshold 0",
      [{ ...other, threshold: 0 }],
      { code: "threshold", index: 0, field: "threshold" },
    ],
    [
      "half a threshold",
      [{ ...other, threshold: 2.5 }],
      { code: "threshold", index: 0, field: "threshold" },
    ],
    [
      "a threshold that would claim memory",
      [{ ...other, threshold: THRESHOLD_MAXIMUM + 1 }],
      { code: "threshold", index: 0, field: "threshold" },
    ],
  ];
  test.each(table)("%s", (_name, products, error) => {
    expect(createCatalogue(products)).toEqual({ ok: false, error });
  });
});
