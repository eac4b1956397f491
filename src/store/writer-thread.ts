import type { Result } from "../platform/result.ts";
import type { DnsChange } from "./dns-records.ts";
import type { RetentionLimits, RetentionSlice } from "./event-retention.ts";
import type { PackedGroup } from "./group-writer.ts";
import { StoreError, type StoreFailure, type StoreHealth } from "./health.ts";
import type { PackedState } from "./saved-state.ts";
import { giveNotice, serveCalls } from "./thread.ts";
import { type CommitReceipt, Writer, type WriterOptions } from "./writer.ts";

/** The thread that writes: a commit waits for the medium here, and the event loop does not. */
export type WriterCalls = {
  readonly open: { readonly argument: WriterOptions; readonly value: StoreHealth };
  readonly commit: {
    readonly argument: PackedGroup;
    readonly value: Result<CommitReceipt, StoreFailure>;
  };
  readonly retainEvents: {
    readonly argument: RetentionLimits;
    readonly value: Result<RetentionSlice, StoreFailure>;
  };
  readonly clients: { readonly argument: undefined; readonly value: number };
  readonly loadState: { readonly argument: undefined; readonly value: PackedState };
  readonly setting: { readonly argument: string; readonly value: string | undefined };
  readonly putSetting: {
    readonly argument: { readonly name: string; readonly value: string };
    readonly value: Result<undefined, StoreFailure>;
  };
  readonly dnsRecords: { readonly argument: undefined; readonly value: DnsChange };
  readonly commitDns: {
    readonly argument: DnsChange;
    readonly value: Result<undefined, StoreFailure>;
  };
  readonly condemn: { readonly argument: string; readonly value: undefined };
  readonly close: { readonly argument: undefined; readonly value: undefined };
};

let writer: Writer | undefined;

function opened(): Writer {
  if (writer === undefined) throw new StoreError("unavailable", "the store is not open");
  return writer;
}

serveCalls<WriterCalls>({
  open: (options) => {
    writer = new Writer(options, giveNotice);
    return writer.open();
  },
  commit: (group) => opened().commit(group),
  retainEvents: (limits) => opened().retainEvents(limits),
  clients: () => opened().clients(),
  loadState: () => opened().loadState(),
  setting: (name) => opened().setting(name),
  putSetting: ({ name, value }) => opened().putSetting(name, value),
  dnsRecords: () => opened().dnsRecords(),
  commitDns: (change) => opened().commitDns(change),
  condemn: (message) => {
    opened().condemn(message);
    return undefined;
  },
  close: () => {
    writer?.close();
    return undefined;
  },
});
