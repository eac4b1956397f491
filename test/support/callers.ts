/** Clients of the protocol in this process: any request, as often as wanted. */
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { ACTIVATION_INTERFACE, OPNUM } from "../../src/protocol/interface.ts";
import { decodeReply } from "../../src/protocol/reply.ts";
import { encodeRequest } from "../../src/protocol/request.ts";
import { decodeOutStub, encodeInStub } from "../../src/protocol/stub.ts";
import type { ActivationRequest } from "../../src/protocol/types.ts";
import { connectRpc, type RpcCaller } from "../../src/rpc/caller.ts";

const TIMEOUT_MS = 10_000;

const { client, server } = {
  client: productOf("Lab Client Enterprise"),
  server: productOf("Lab Server Standard"),
};

function productOf(wanted: string) {
  const product = DEFAULT_CATALOGUE.find(({ name }) => name === wanted);
  if (product === undefined) throw new Error(`${wanted} is not in the catalogue`);
  return product;
}

/** A client system's request, with a CMID of its own unless one is given. */
export function newRequest(fields: Partial<ActivationRequest> = {}): ActivationRequest {
  const { applicationId, activationId, threshold } = client;
  return {
    virtual: false,
    licenceState: 2,
    minutesToExpiration: 43_200,
    requiredCount: threshold,
    applicationId,
    activationId,
    cmid: crypto.randomUUID(),
    clientTime: Date.now(),
    nonce: crypto.getRandomValues(new Uint8Array(16)),
    machineName: "LAB-PC",
    ...fields,
  };
}

/** A server system's request (COUNT-2: 5). */
export function newServerRequest(fields: Partial<ActivationRequest> = {}): ActivationRequest {
  const { applicationId, activationId, threshold } = server;
  return newRequest({ applicationId, activationId, requiredCount: threshold, ...fields });
}

/** `count` is that of a reply, undefined where the host refused. */
export type Answer = { readonly hresult: number; readonly count: number | undefined };

export async function connect({ address, port }: Endpoint): Promise<RpcCaller> {
  const { uuid: interfaceUuid, versionMajor, versionMinor } = ACTIVATION_INTERFACE;
  const connected = await connectRpc({
    host: address,
    port,
    timeoutMs: TIMEOUT_MS,
    interfaceUuid,
    versionMajor,
    versionMinor,
  });
  if (!connected.ok) throw new Error(JSON.stringify(connected.error));
  return connected.value;
}

/** Sends octets as a request; throws where no answer comes. */
export async function callActivate(caller: RpcCaller, octets: Uint8Array): Promise<Answer> {
  const called = await caller.call(OPNUM.activate, encodeInStub(octets));
  if (!called.ok) throw new Error(JSON.stringify(called.error));
  if (called.value.kind === "fault") throw new Error(`fault ${called.value.status}`);
  const decoded = decodeOutStub(called.value.stub, called.value.littleEndian ?? true);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.error));
  const { hresult, octets: reply } = decoded.value;
  const read = reply === undefined ? undefined : decodeReply(reply);
  return { hresult, count: read?.ok === true ? read.value.reply.count : undefined };
}

/** One connection, one request, as a client does. */
export async function ask(endpoint: Endpoint, request: ActivationRequest): Promise<Answer> {
  return askOctets(endpoint, encodeRequest(request));
}

export async function askOctets(endpoint: Endpoint, octets: Uint8Array): Promise<Answer> {
  const caller = await connect(endpoint);
  try {
    return await callActivate(caller, octets);
  } finally {
    caller.close();
  }
}

/** Requests of distinct clients, over a few connections at once; the answers in their order. */
export async function askAll(
  endpoint: Endpoint,
  requests: readonly ActivationRequest[],
  width = 8,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < requests.length; index = next++) {
      const request = requests[index];
      if (request !== undefined) answers[index] = await ask(endpoint, request);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return answers;
}
