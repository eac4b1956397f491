/** What the flags of the client's commands mean. Each throws an Error that says what is wrong. */
import type { Product } from "../activation/catalogue.ts";
import { CLIENT_THRESHOLD, DEFAULT_CATALOGUE } from "../activation/default-catalogue.ts";
import { type HostAddress, parseHostAddress } from "../client/host-address.ts";
import type { ClientProduct } from "../client/state.ts";
import { nameFromText, nameToText } from "../dns/name.ts";
import { type Endpoint, parseEndpoint } from "../platform/endpoint.ts";
import { nearest } from "../platform/nearest.ts";
import { PUBLIC_KEY_LENGTH } from "../platform/signature.ts";
import { sanitise } from "../platform/text.ts";
import { parseGuid } from "../protocol/guid.ts";
import type { Guid } from "../protocol/types.ts";

const DNS_PORT = 53;
const TIMEOUT_SECONDS_MAXIMUM = 300;

export function parseServer(text: string): HostAddress {
  const server = parseHostAddress(text);
  if (server === undefined) throw wrong(text, "no host: write NAME, NAME:PORT or [ADDRESS]:PORT");
  return server;
}

export function parseDnsServer(text: string): Endpoint {
  const endpoint = parseEndpoint(text) ?? parseEndpoint(`${text}:${DNS_PORT}`);
  const bare = endpoint ?? parseEndpoint(`[${text}]:${DNS_PORT}`);
  if (bare === undefined)
    throw wrong(text, "no address: write ADDRESS, ADDRESS:PORT or [::1]:PORT");
  return bare;
}

export function parseDomain(text: string): string {
  const name = nameFromText(text);
  const plain = name.ok ? nameToText(name.value).replace(/\.$/, "") : "";
  if (plain === "") throw wrong(text, "no domain");
  return plain;
}

export function parseCmid(text: string): Guid {
  const guid = parseGuid(text);
  if (guid === undefined) throw wrong(text, "no GUID");
  return guid;
}

export function parseThreshold(text: string): number {
  const threshold = Number(text);
  if (!/^\d{1,10}$/.test(text) || threshold > 0xffff_ffff) {
    throw wrong(text, "no count from 0 to 4294967295");
  }
  return threshold;
}

export function parseTimeoutMs(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds <= 0 || seconds > TIMEOUT_SECONDS_MAXIMUM) {
    throw wrong(text, `no time from 0 to ${TIMEOUT_SECONDS_MAXIMUM} seconds`);
  }
  return Math.max(1, Math.round(seconds * 1000));
}

export function parseAuthorityKey(text: string): Uint8Array {
  if (!new RegExp(`^[0-9a-fA-F]{${PUBLIC_KEY_LENGTH * 2}}$`).test(text)) {
    throw wrong(text, `no authority key: ${PUBLIC_KEY_LENGTH * 2} hexadecimal digits`);
  }
  return Uint8Array.fromHex(text);
}

/** A product's name or activation id in the default catalogue, or APPLICATION-ID/ACTIVATION-ID. */
export function parseProduct(text: string): ClientProduct {
  const wanted = text.toLowerCase();
  const known = DEFAULT_CATALOGUE.find(
    ({ name, activationId }) => name.toLowerCase() === wanted || activationId === parseGuid(text),
  );
  if (known !== undefined) return clientProductOf(known);
  const [application = "", activation = "", ...rest] = text.split("/");
  const [applicationId, activationId] = [parseGuid(application), parseGuid(activation)];
  if (applicationId !== undefined && activationId !== undefined && rest.length === 0) {
    const threshold = CLIENT_THRESHOLD;
    return {
      name: activationId,
      applicationId,
      activationId,
      kind: "client",
      group: null,
      threshold,
    };
  }
  const names = DEFAULT_CATALOGUE.map(({ name }) => name);
  const meant = nearest(text, names);
  const hint = meant === undefined ? `known are ${names.join(", ")}` : `did you mean "${meant}"?`;
  throw wrong(text, `no product; ${hint}`);
}

/** Of a client to which nothing else was said: an ordinary client system. */
export function defaultProduct(): ClientProduct {
  return parseProduct("Lab Client Enterprise");
}

/** `lab.test` of `pc-7.lab.test`: where a machine looks for hosts when it is told nothing. */
export function domainOfHostName(hostName: string): string | undefined {
  const [, ...labels] = hostName.replace(/\.$/, "").split(".");
  const domain = labels.join(".");
  return labels.length > 0 && nameFromText(domain).ok ? domain : undefined;
}

function clientProductOf(product: Product): ClientProduct {
  const { name, applicationId, activationId, kind, group, threshold } = product;
  return { name, applicationId, activationId, kind, group, threshold };
}

function wrong(text: string, what: string): Error {
  return new Error(`"${sanitise(text)}" is ${what}`);
}
