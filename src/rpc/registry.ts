import type { RpcInterface } from "./interface.ts";
import type { SyntaxId } from "./pdu/syntax.ts";
import { sameUuid, type Uuid, uuidFrom } from "./uuid.ts";

/** The interfaces a listener offers, by UUID and major version. */
export class InterfaceRegistry {
  readonly interfaces: readonly RpcInterface[];
  /** A listener offers a handful: looking at each is quicker than making a key. */
  readonly #entries: { readonly uuid: Uuid; readonly entry: RpcInterface }[] = [];

  /** Two interfaces of the same UUID and major version are a mistake of the composition: throws. */
  constructor(interfaces: readonly RpcInterface[]) {
    this.interfaces = interfaces;
    for (const entry of interfaces) {
      const { versionMajor, versionMinor } = entry;
      const uuid = uuidFrom(entry.uuid);
      if (this.find({ uuid, versionMajor, versionMinor: 0 }) !== undefined) {
        throw new Error(
          `interface registered twice: ${entry.name} ${versionMajor}.${versionMinor}`,
        );
      }
      this.#entries.push({ uuid, entry });
    }
  }

  /**
   * The interface a client asks for: same UUID, same major version, and a minor version no higher
   * than ours (C706 6.1.2, version numbering).
   */
  find(syntax: SyntaxId): RpcInterface | undefined {
    for (const { uuid, entry } of this.#entries) {
      if (
        entry.versionMajor === syntax.versionMajor &&
        entry.versionMinor >= syntax.versionMinor &&
        sameUuid(uuid, syntax.uuid)
      ) {
        return entry;
      }
    }
    return undefined;
  }
}
