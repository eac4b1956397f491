import { networkInterfaces } from "node:os";
import { buildCommand } from "@stricli/core";
import { publishedAddresses } from "../../config/addresses.ts";
import { literalName, type Name, nameFromText, nameToText, sameName } from "../../dns/name.ts";
import { zoneFileLines } from "../../dns/published-records.ts";
import { typeToText } from "../../dns/rdata.ts";
import { rdataToText } from "../../dns/record-text.ts";
import { ZoneKeeper } from "../../dns/update/zone-keeper.ts";
import type { Zone } from "../../dns/zone.ts";
import { systemClock } from "../../platform/clock.ts";
import { ok } from "../../platform/result.ts";
import { sanitise } from "../../platform/text.ts";
import { StoreError } from "../../store/health.ts";
import { openRecordReader } from "../../store/record-reader.ts";
import {
  CONFIGURATION_FLAGS,
  type CommandConfiguration,
  type ConfigurationFlags,
  loadCommandConfiguration,
} from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeJson } from "../output.ts";
import { composeZonesOf } from "../zone-data.ts";

type Flags = ConfigurationFlags & { readonly json: boolean };

/** Lines written at once: a large zone is megabytes. */
const LINES_AT_ONCE = 1000;

export const dnsZoneCommand = buildCommand<Flags, [Name?], CliContext>({
  async func(flags, wanted) {
    const loaded = loadCommandConfiguration(this, flags);
    const zones = await servedZones(this, loaded);
    const chosen = zones.filter(({ apex }) => wanted === undefined || sameName(apex, wanted));
    if (chosen.length === 0) {
      const known = zones.map(({ apex }) => nameToText(apex)).join(", ");
      const what = wanted === undefined ? "there is no zone" : `${nameToText(wanted)} is no zone`;
      const hint = known === "" ? undefined : `the zones are ${known}`;
      return new CliFailure(EXIT_CODE.failure, `${what} of this host`, hint);
    }
    if (flags.json) writeJson(this, { zones: chosen.map(documentOf) });
    else for (const zone of chosen) writeZone(this, zone);
    return undefined;
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ parse: parseZone, brief: "One of them", placeholder: "ZONE", optional: true }],
    },
    flags: {
      ...CONFIGURATION_FLAGS,
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Print the zones of this host as zone files",
    fullDescription:
      "Puts them together as the appliance does: from the configuration, the zone files it names\n" +
      "and the records that came by update. The host counts as serving; the serial is not the one\n" +
      "that is served.",
  },
});

function parseZone(text: string): Name {
  const name = nameFromText(text);
  if (!name.ok) throw new Error(`"${sanitise(text)}" is no name: ${name.error.code}`);
  return name.value;
}

async function servedZones(
  context: CliContext,
  loaded: CommandConfiguration,
): Promise<readonly Zone[]> {
  const { dns, rpc, store } = loaded.configuration;
  const machine = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const fixed = composeZonesOf(loaded, publishedAddresses(rpc.listen, machine));
  const keeper = new ZoneKeeper({
    storage: {
      load: async () => savedRecords(context, store.file),
      commit: async () => ok(undefined),
    },
    host: literalName(dns.host),
    clock: systemClock,
    setZones: () => {},
  });
  await keeper.load();
  keeper.setFixed(fixed);
  return keeper.zones;
}

/** Without a record there are none; one that cannot be read is no reason to say nothing. */
function savedRecords({ process }: CliContext, file: string) {
  try {
    const reader = openRecordReader(file);
    try {
      return reader.dnsRecords();
    } finally {
      reader.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const isMissing = code === "ENOENT" || code === "SQLITE_CANTOPEN";
    if (!isMissing && !(error instanceof StoreError)) throw error;
    if (!isMissing) {
      const why = sanitise(error instanceof Error ? error.message : String(error));
      process.stderr.write(`without records that came by update: ${sanitise(file)}: ${why}\n`);
    }
    return { sets: [], serials: [] };
  }
}

function writeZone({ process }: CliContext, zone: Zone): void {
  let lines: string[] = [];
  for (const line of zoneFileLines(zone)) {
    lines.push(line);
    if (lines.length < LINES_AT_ONCE) continue;
    process.stdout.write(`${lines.join("\n")}\n`);
    lines = [];
  }
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

function documentOf(zone: Zone) {
  return {
    zone: nameToText(zone.apex),
    records: [...zone.records()].map(({ name, type, ttl, rdata }) => ({
      name: nameToText(name),
      type: typeToText(type),
      ttlSeconds: ttl,
      data: rdataToText(type, rdata),
    })),
  };
}
