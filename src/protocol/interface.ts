import type { Guid } from "./types.ts";

/** This domain's activation interface (protocol.md). */
export const ACTIVATION_INTERFACE = {
  name: "activation",
  uuid: "ea6fc547-3cd9-4d4d-824f-02c7678d2ad5" as Guid,
  versionMajor: 1,
  versionMinor: 0,
  operationCount: 3,
} as const;

export const OPNUM = {
  activate: 0,
  getHostLicence: 1,
  /** As activate; nothing is counted, cached or logged as a request. */
  probe: 2,
} as const;

/** The Microsoft interface, observed or relayed and never answered for (RELAY-1). */
export const MICROSOFT_INTERFACE = {
  name: "microsoft-kms",
  uuid: "51c82175-844e-4750-b0d8-ec255555bc06" as Guid,
  versionMajor: 1,
  versionMinor: 0,
  operationCount: 1,
} as const;
