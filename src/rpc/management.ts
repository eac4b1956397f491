/**
 * The remote management interface that every RPC server offers (C706 appendix Q). Runners and
 * scanners use it to see whether a server is there. It tells nothing that a bind would not, and
 * changes nothing.
 */
import type { RpcCall, RpcInterface, RpcOutcome } from "./interface.ts";
import { NdrReader, NdrWriter } from "./ndr.ts";
import { FAULT_STATUS } from "./pdu/fault.ts";

/** What `rpc_mgmt_inq_stats` reports, in its order (C706, rpc_mgmt_inq_stats). */
export type ManagementStatistics = {
  readonly callsReceived: number;
  readonly callsSent: number;
  readonly pdusReceived: number;
  readonly pdusSent: number;
};

/** rpc_s_ok. */
const STATUS_OK = 0;
const STATUS_ACCESS_DENIED = 5;
/** RPC_S_UNKNOWN_AUTHN_SERVICE: we are known under no principal's name. */
const STATUS_UNKNOWN_AUTHENTICATION_SERVICE = 0x000006d3;

/**
 * Makes the management interface of a server that offers `interfaces`. `statistics` is asked at
 * each inq_stats.
 */
export function managementInterface(
  interfaces: readonly RpcInterface[],
  statistics: () => ManagementStatistics,
): RpcInterface {
  const operations: readonly ((call: RpcCall) => RpcOutcome)[] = [
    () => inquireInterfaceIds(interfaces),
    (call) => inquireStatistics(call, statistics()),
    () => respond(new NdrWriter().u32(STATUS_OK).u32(1)),
    () => respond(new NdrWriter().u32(STATUS_ACCESS_DENIED)),
    inquirePrincipalName,
  ];
  return {
    name: "mgmt",
    uuid: "afa8bd80-7d8a-11c9-bef4-08002b102989",
    versionMajor: 1,
    versionMinor: 0,
    operationCount: operations.length,
    invoke: (call, complete) => complete(operations[call.opnum]?.(call) ?? BAD_STUB),
  };
}

/**
 * Operation 0: `[out] rpc_if_id_vector_t **`: count and pointers, then UUID and version of each.
 */
function inquireInterfaceIds(interfaces: readonly RpcInterface[]): RpcOutcome {
  const writer = new NdrWriter();
  writer.uniquePointer(true).u32(interfaces.length).u32(interfaces.length);
  for (let index = 0; index < interfaces.length; index += 1) writer.uniquePointer(true);
  for (const { uuid, versionMajor, versionMinor } of interfaces) {
    writer.guid(uuid).u16(versionMajor).u16(versionMinor);
  }
  return respond(writer.u32(STATUS_OK));
}

/** Operation 1: `[in, out] unsigned32 *count, [out, size_is(*count)] unsigned32 statistics[]`. */
function inquireStatistics(call: RpcCall, statistics: ManagementStatistics): RpcOutcome {
  const reader = new NdrReader(call.stub, call.littleEndian);
  const count = reader.finish(reader.u32("count"));
  if (!count.ok) return BAD_STUB;
  const { callsReceived, callsSent, pdusReceived, pdusSent } = statistics;
  const values = [callsReceived, callsSent, pdusReceived, pdusSent].slice(0, count.value);
  const writer = new NdrWriter().u32(values.length).u32(values.length);
  for (const value of values) writer.u32(value);
  return respond(writer.u32(STATUS_OK));
}

/**
 * Operation 4: `[in] authn_proto, [in] princ_name_size, [out, string, size_is()] char
 * princ_name[]`.
 */
function inquirePrincipalName(call: RpcCall): RpcOutcome {
  const reader = new NdrReader(call.stub, call.littleEndian);
  reader.u32("authn_proto");
  const size = reader.finish(reader.u32("princ_name_size"));
  if (!size.ok) return BAD_STUB;
  // A conformant varying string with nothing but its NUL: maximum, offset, actual count.
  const writer = new NdrWriter().u32(size.value).u32(0).u32(1).u8(0);
  return respond(writer.u32(STATUS_UNKNOWN_AUTHENTICATION_SERVICE));
}

function respond(writer: NdrWriter): RpcOutcome {
  return { kind: "response", stub: writer.finish() };
}

const BAD_STUB: RpcOutcome = {
  kind: "fault",
  status: FAULT_STATUS.badStubData,
  didNotExecute: false,
};
