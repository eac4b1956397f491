import type { RpcInterface } from "./interface.ts";
import type { SyntaxId } from "./pdu/syntax.ts";

/** The interfaces a listener offers, by UUID and major version. */
export class InterfaceRegistry {
  readonly interfaces: readonly RpcInterface[];
  readonly #byKey = new Map<string, RpcInterface>();

  /**
   * Two interfaces of the same UUID and major version are a defect of the composition: it throws.
   */
  constructor(interfaces: readonly RpcInterface[]) {
    this.interfaces = interfaces;
    for (const entry of interfaces) {
      const key = registryKey(entry.uuid, entry.versionMajor);
      if (this.#byKey.has(key)) throw new Error(`interface registered twice: ${entry.name}`);
      this.#byKey.set(key, entry);
    }
  }

  /**
   * The interface a client asks for: same UUID, same major version, and a minor version no higher
   * than ours (C706 6.1.2, version numbering).
   */
  find(syntax: SyntaxId): RpcInterface | undefined {
    const entry = this.#byKey.get(registryKey(syntax.uuid, syntax.versionMajor));
    return entry !== undefined && syntax.versionMinor <= entry.versionMinor ? entry : undefined;
  }
}

function registryKey(uuid: string, versionMajor: number): string {
  return `${uuid}/${versionMajor}`;
}
