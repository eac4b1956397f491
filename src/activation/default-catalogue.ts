import type { Guid } from "../protocol/types.ts";
import type { Product } from "./catalogue.ts";

/**
 * The products of a laboratory that named none of its own: made up here, with ids drawn at random
 * for this project. They are no product of anyone's and match no id in use elsewhere.
 */
const LAB_SYSTEMS: Guid = "ce3c57d6-da5b-412d-bdb2-b2aeba932841";
const LAB_APPLICATIONS: Guid = "4c920de4-0d90-4453-b3e3-42ad495b4b19";

/** [P] and [E]: the thresholds of client and of server systems. */
export const CLIENT_THRESHOLD = 25;
export const SERVER_THRESHOLD = 5;

type Group = Product["group"];

function client(name: string, activationId: Guid): Product {
  return {
    name,
    applicationId: LAB_SYSTEMS,
    activationId,
    group: "clientVolume",
    threshold: CLIENT_THRESHOLD,
    kind: "client",
  };
}

function server(name: string, activationId: Guid, group: Group): Product {
  return {
    name,
    applicationId: LAB_SYSTEMS,
    activationId,
    group,
    threshold: SERVER_THRESHOLD,
    kind: "server",
  };
}

/** An application of its own, so that its count is seen to stand apart (COUNT-5). */
function desktop(name: string, activationId: Guid): Product {
  return {
    name,
    applicationId: LAB_APPLICATIONS,
    activationId,
    group: "clientVolume",
    threshold: SERVER_THRESHOLD,
    kind: "client",
  };
}

export const DEFAULT_CATALOGUE: readonly Product[] = [
  client("Lab Client Business", "20243dbe-3980-4649-a452-d40724b7c70e"),
  client("Lab Client Enterprise", "0c3b32aa-5919-466a-abf3-90b7c506aaf2"),
  client("Lab Client Education", "e8fe2685-7909-4fc5-8de4-96af985ae51f"),
  server("Lab Server Web", "ddfd9aa8-66c6-4377-95e2-ec9a70524428", "serverA"),
  server("Lab Server Compute Cluster", "abe9a967-b481-4eef-8832-04563f5c1d89", "serverA"),
  server("Lab Server Standard", "658b5cef-c70a-495f-a02e-a0a1dffad33e", "serverB"),
  server("Lab Server Enterprise", "751511d9-5cf8-45d8-a45d-437a0e3675eb", "serverB"),
  server("Lab Server Datacenter", "1fd0e657-053d-4985-a0e9-8584070581a7", "serverC"),
  server("Lab Server Large Systems", "25162df6-470a-4d8a-817b-991251891c54", "serverC"),
  desktop("Lab Office Standard", "247920f5-3d74-43d4-80d2-854e15cd2f10"),
  desktop("Lab Office Professional", "e1268e13-e8bc-45fa-ba77-0a235b70c002"),
];
