import type { Guid, ProductKeyGroup } from "../protocol/types.ts";

/** What a host's licence activates on the host itself, as its report names it (HOST-9). */
export type HostProduct = {
  readonly name: string;
  readonly description: string;
  readonly activationId: Guid;
  readonly applicationId: Guid;
};

/** The application that all hosts of this domain are. */
const HOST_APPLICATION_ID: Guid = "cbb68449-f7dd-4f21-81c5-3f5bd8743f8e";

/** The channel names of the originals: a host key is a KMS key of its group [E]. */
const CHANNELS: Readonly<Record<ProductKeyGroup, { channel: string; activationId: Guid }>> = {
  clientVolume: { channel: "VOLUME_KMS", activationId: "206ed2b2-5849-4d4c-8e80-bc3df215e198" },
  serverA: { channel: "VOLUME_KMS_A", activationId: "1cf9805d-1a7b-46f3-9161-6d328337386b" },
  serverB: { channel: "VOLUME_KMS_B", activationId: "c4b12634-e7ec-4703-b883-ace9ca2dec72" },
  serverC: { channel: "VOLUME_KMS_C", activationId: "3b0826e1-df48-4858-ba8d-9ba943e5e693" },
};

export function hostProductOf(group: ProductKeyGroup, selfIssued: boolean): HostProduct {
  const { channel, activationId } = CHANNELS[group];
  const remark = selfIssued ? ", self-issued" : "";
  return {
    name: "muster activation host",
    description: `muster volume activation, ${channel} channel${remark}`,
    activationId,
    applicationId: HOST_APPLICATION_ID,
  };
}
