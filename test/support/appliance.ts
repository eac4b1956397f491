/** A whole appliance in this process, on free ports of 127.0.0.1, from a file that can change. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "smol-toml";
import { type Appliance, startAppliance } from "../../src/appliance.ts";
import type { ReadConfiguration } from "../../src/appliance-dns.ts";
import { formatZoneMistake } from "../../src/cli/zone-data.ts";
import { type LoadedConfiguration, loadConfiguration } from "../../src/config/load.ts";
import { fail, ok } from "../../src/platform/result.ts";
import { only } from "./world.ts";

export type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type RunningAppliance = {
  readonly appliance: Appliance;
  readonly folder: string;
  /** Port of the name server, or 0. */
  readonly dnsPort: number;
  readonly http: (path: string) => Promise<unknown>;
  /** Writes the file anew; `reload` of the appliance reads it. */
  readonly configure: (sections: Sections) => void;
};

const FILE_NAME = "appliance.toml";

export async function runAppliance(folder: string, sections: Sections): Promise<RunningAppliance> {
  mkdirSync(folder, { recursive: true });
  let text = "";
  const configure = (changed: Sections): void => {
    text = configurationText(changed);
    writeFileSync(join(folder, FILE_NAME), text);
  };
  configure(sections);
  const load = (): LoadedConfiguration => {
    const surroundings = { hostName: "box", baseDirectory: folder };
    const loaded = loadConfiguration({ text, environment: {}, settings: [], ...surroundings });
    if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
    return loaded.value;
  };
  const read: ReadConfiguration = () => {
    try {
      const loaded = load();
      const named = { ...loaded, fileName: FILE_NAME };
      const describe = (mistake: Parameters<typeof formatZoneMistake>[0]) =>
        formatZoneMistake(mistake, named);
      return ok({ configuration: loaded.configuration, describe });
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
  };
  const appliance = await startAppliance(load().configuration, read);
  const { port } = only(appliance.listening.http);
  return {
    appliance,
    folder,
    dnsPort: appliance.listening.dns[0]?.port ?? 0,
    http: async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).json(),
    configure,
  };
}

function configurationText(sections: Sections): string {
  const listen = ["127.0.0.1:0"];
  const base: Sections = {
    appliance: { name: "box", data_directory: "data" },
    rpc: { listen },
    dns: { listen, zones: ["lab.test"] },
    http: { listen },
    log: {},
  };
  const names = new Set([...Object.keys(base), ...Object.keys(sections)]);
  return stringify(
    Object.fromEntries([...names].map((name) => [name, { ...base[name], ...sections[name] }])),
  );
}
