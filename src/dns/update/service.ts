/** Updates as a running appliance takes them: keeper, handler, and the store they hang on. */
import type { Clock } from "../../platform/clock.ts";
import type { HmacFunctions } from "../../platform/hmac.ts";
import type { Log } from "../../platform/log.ts";
import { RCODE_NAMES, Rcode } from "../codes.ts";
import type { HandleSigned, HandleUpdate } from "../hand-over.ts";
import type { Name } from "../name.ts";
import { TsigError, type TsigKey, TsigKeys } from "../tsig/tsig.ts";
import type { Zone } from "../zone.ts";
import { type UpdateEvent, UpdateHandler } from "./handler.ts";
import type { Grant } from "./policy.ts";
import { type DynamicStorage, ZoneKeeper } from "./zone-keeper.ts";

export type UpdateServiceOptions = {
  readonly storage: DynamicStorage & {
    /** Told whenever the store can be read again; returns what ends it. */
    readonly onReadable: (listener: () => void) => () => void;
  };
  /** The appliance's own name. */
  readonly host: Name;
  readonly keys: readonly (TsigKey & { readonly grants: readonly Grant[] })[];
  /** Whether an address may update without a key, and what all of those may write. */
  readonly allows: (address: string) => boolean;
  readonly grantsWithoutKey: readonly Grant[];
  readonly hmac: HmacFunctions;
  readonly clock: Clock;
  readonly udpPayloadOctets: number;
  readonly log: Log;
};

export type UpdateService = {
  readonly handleUpdate: HandleUpdate;
  readonly handleSigned: HandleSigned;
  /** Where zones go that are to be served: they hold the dynamic records too. */
  readonly serveWith: (setZones: (zones: readonly Zone[]) => void) => void;
  /** The zones without dynamic records, whenever they changed. */
  readonly setFixed: (zones: readonly Zone[]) => void;
  readonly stop: () => void;
};

/** Resolves once the dynamic records are loaded, or their store has said that it cannot be read. */
export async function openUpdateService(options: UpdateServiceOptions): Promise<UpdateService> {
  const { storage, host, clock, log, keys, hmac, udpPayloadOctets } = options;
  let serve: (zones: readonly Zone[]) => void = () => {};
  const keeper = new ZoneKeeper({ storage, host, clock, setZones: (zones) => serve(zones) });
  const load = (): Promise<void> =>
    keeper.load().catch((error: unknown) => {
      log.error("records that came by update cannot be read, updates are refused", { error });
    });
  const stop = storage.onReadable(() => void load());
  await load();
  const { handleUpdate, handleSigned } = new UpdateHandler({
    keeper,
    keys: new TsigKeys(keys),
    grantsOf: (key) => keys.find(({ name }) => name === key.name)?.grants ?? [],
    grantsWithoutKey: (address) => (options.allows(address) ? options.grantsWithoutKey : []),
    hmac,
    clock,
    udpPayloadOctets,
    log: (event) => logUpdate(log, event),
  });
  return {
    handleUpdate,
    handleSigned,
    serveWith: (setZones) => {
      serve = setZones;
    },
    setFixed: (zones) => keeper.setFixed(zones),
    stop,
  };
}

/** What strangers can cause at will is told to those who look for it. */
function logUpdate(log: Log, event: UpdateEvent): void {
  const { kind, zone, key, peer, rcode, tsigError, changed } = event;
  const fields = { zone, key, address: peer.address, rcode: RCODE_NAMES[rcode] ?? rcode };
  if (kind === "signature-rejected") {
    const level = tsigError === TsigError.BADTIME ? "warning" : "debug";
    log[level]("signature rejected", { ...fields, tsigError });
  } else if (changed) log.info("zone updated", fields);
  else if (rcode === Rcode.SERVFAIL) log.warning("update not stored", fields);
  else log.debug("update", fields);
}
