/**
 * PDUs as a peer would make them, written apart from the code under test: bytes by hand, in either
 * byte order. Text is hexadecimal; spaces are for the reader.
 */

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function octets(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

type Order = "little" | "big";

function u16(value: number, order: Order): Uint8Array {
  const view = new DataView(new ArrayBuffer(2));
  view.setUint16(0, value, order === "little");
  return new Uint8Array(view.buffer);
}

export function u32(value: number, order: Order = "little"): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, order === "little");
  return new Uint8Array(view.buffer);
}

function uuid(text: string, order: Order): Uint8Array {
  const bytes = octets(text.replaceAll("-", ""));
  if (order === "big") return bytes;
  return joined(
    bytes.slice(0, 4).reverse(),
    bytes.slice(4, 6).reverse(),
    bytes.slice(6, 8).reverse(),
    bytes.slice(8),
  );
}

/** UUID and version, such as `[MGMT, 1]` or `[MGMT, 1, 7]`. */
export type Syntax = readonly [uuid: string, major: number, minor?: number];

export const MGMT: Syntax = ["afa8bd80-7d8a-11c9-bef4-08002b102989", 1];
export const ECHO: Syntax = ["60a15ec5-4de8-11d7-a637-005056a20182", 1];
export const UNKNOWN: Syntax = ["0badc0de-0000-4000-8000-000000000001", 1];
export const NDR32: Syntax = ["8a885d04-1ceb-11c9-9fe8-08002b104860", 2];
export const NDR64: Syntax = ["71710533-beba-4937-8319-b5dbef9ccc36", 1];
export const FEATURES_3: Syntax = ["6cb71c2c-9812-4540-0300-000000000000", 1];

function syntax([id, major, minor = 0]: Syntax, order: Order): Uint8Array {
  return joined(uuid(id, order), u32((minor << 16) | major, order));
}

export const TYPE = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAck: 12,
  bindNak: 13,
  alterContext: 14,
  alterContextResponse: 15,
  auth3: 16,
  cancel: 18,
  orphaned: 19,
} as const;

export const FIRST = 0x01;
export const LAST = 0x02;
export const WHOLE = 0x03;
export const MPX = 0x10;
const DID_NOT_EXECUTE = 0x20;
const OBJECT = 0x80;

export type PduOptions = {
  readonly flags?: number;
  readonly callId?: number;
  readonly order?: Order;
  readonly version?: readonly [number, number];
  readonly drep?: string;
  readonly fragLength?: number;
  readonly authLength?: number;
};

export function pdu(type: number, body: Uint8Array, options: PduOptions = {}): Uint8Array {
  const { flags = WHOLE, callId = 1, order = "little", version = [5, 0] } = options;
  return joined(
    new Uint8Array([...version, type, flags]),
    octets(options.drep ?? (order === "little" ? "10000000" : "00000000")),
    u16(options.fragLength ?? 16 + body.length, order),
    u16(options.authLength ?? 0, order),
    u32(callId, order),
    body,
  );
}

export type Context = {
  readonly id: number;
  readonly abstractSyntax: Syntax;
  readonly transfers: readonly Syntax[];
};

export function context(id: number, abstractSyntax: Syntax, ...transfers: Syntax[]): Context {
  return { id, abstractSyntax, transfers };
}

export type BindOptions = PduOptions & {
  readonly maxTransmit?: number;
  readonly maxReceive?: number;
  readonly group?: number;
  readonly count?: number;
  readonly trailer?: Uint8Array;
};

function bindBody(contexts: readonly Context[], options: BindOptions): Uint8Array {
  const { order = "little", maxTransmit = 5840, maxReceive = 5840, group = 0 } = options;
  const elements = contexts.map(({ id, abstractSyntax, transfers }) =>
    joined(
      u16(id, order),
      new Uint8Array([transfers.length, 0]),
      syntax(abstractSyntax, order),
      ...transfers.map((transfer) => syntax(transfer, order)),
    ),
  );
  return joined(
    u16(maxTransmit, order),
    u16(maxReceive, order),
    u32(group, order),
    new Uint8Array([options.count ?? contexts.length, 0, 0, 0]),
    ...elements,
    options.trailer ?? new Uint8Array(0),
  );
}

export function bind(contexts: readonly Context[], options: BindOptions = {}): Uint8Array {
  return pdu(TYPE.bind, bindBody(contexts, options), options);
}

export function alterContext(contexts: readonly Context[], options: BindOptions = {}): Uint8Array {
  return pdu(TYPE.alterContext, bindBody(contexts, options), options);
}

export type RequestOptions = PduOptions & {
  readonly contextId?: number;
  readonly allocHint?: number;
  readonly object?: string;
};

export function request(
  opnum: number,
  stub: Uint8Array = new Uint8Array(0),
  options: RequestOptions = {},
): Uint8Array {
  const { order = "little", object } = options;
  const body = joined(
    u32(options.allocHint ?? stub.length, order),
    u16(options.contextId ?? 0, order),
    u16(opnum, order),
    object === undefined ? new Uint8Array(0) : uuid(object, order),
    stub,
  );
  const flags = (options.flags ?? WHOLE) | (object === undefined ? 0 : OBJECT);
  return pdu(TYPE.request, body, { ...options, flags });
}

/** The whole fault, as hexadecimal text. */
export function faultText(
  callId: number,
  status: number,
  { didNotExecute = false, contextId = 0 } = {},
): string {
  const body = joined(u32(24), u16(contextId, "little"), u16(0, "little"), u32(status), u32(0));
  const flags = WHOLE | (didNotExecute ? DID_NOT_EXECUTE : 0);
  return hex(pdu(TYPE.fault, body, { callId, flags }));
}

/** The whole response of one fragment, as hexadecimal text. */
export function responseText(callId: number, stub: Uint8Array, contextId = 0): string {
  const body = joined(u32(stub.length), u16(contextId, "little"), u16(0, "little"), stub);
  return hex(pdu(TYPE.response, body, { callId }));
}

export function bindNakText(callId: number, reason: number): string {
  const body = joined(u16(reason, "little"), octets("01 05 00 00 00 00"));
  return hex(pdu(TYPE.bindNak, body, { callId }));
}

/** One result of a bind_ack: accepted with NDR, or `[result, reason]` with a zero syntax. */
export type Answer = "accepted" | readonly [result: number, reason: number];

export type AckExpectation = {
  readonly callId?: number;
  readonly flags?: number;
  readonly fragmentMax?: number;
};

/** A bind_ack as hexadecimal text, with `?` for the digits of the association group. */
export function bindAckText(
  port: string,
  answers: readonly Answer[],
  expectation: AckExpectation = {},
): string {
  return ackText(TYPE.bindAck, `${port}\0`, answers, expectation);
}

export function alterAckText(answers: readonly Answer[], expectation: AckExpectation = {}): string {
  return ackText(TYPE.alterContextResponse, "", answers, expectation);
}

function ackText(
  type: number,
  address: string,
  answers: readonly Answer[],
  { callId = 1, flags = WHOLE, fragmentMax = 5840 }: AckExpectation,
): string {
  const padding = new Uint8Array(-(26 + address.length) & 3);
  const results = answers.map((answer) =>
    answer === "accepted"
      ? joined(u32(0), syntax(NDR32, "little"))
      : joined(u16(answer[0], "little"), u16(answer[1], "little"), new Uint8Array(20)),
  );
  const body = joined(
    u16(fragmentMax, "little"),
    u16(fragmentMax, "little"),
    u32(0),
    u16(address.length, "little"),
    new TextEncoder().encode(address),
    padding,
    new Uint8Array([answers.length, 0, 0, 0]),
    ...results,
  );
  const text = hex(pdu(type, body, { callId, flags }));
  return `${text.slice(0, 40)}????????${text.slice(48)}`;
}

/** Whether hexadecimal text fits a pattern in which `?` stands for any digit. */
export function fits(text: string, pattern: string): boolean {
  return new RegExp(`^${pattern.replaceAll("?", ".")}$`).test(text);
}
