import { buildCommand } from "@stricli/core";
import { formatHresult } from "../../protocol/hresult.ts";
import { LICENCE_STATES } from "../../protocol/types.ts";
import type {
  GenuineClients,
  OpaqueRequests,
  ReadableClient,
} from "../../relay/genuine-clients.ts";
import { describeGenuineClients } from "../../relay/genuine-words.ts";
import {
  CONFIGURATION_FLAGS,
  type ConfigurationFlags,
  loadCommandConfiguration,
} from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeJson, writeLines } from "../output.ts";

type Flags = ConfigurationFlags & { readonly fromLog: boolean; readonly json: boolean };

export const doctorCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    if (!flags.fromLog) {
      return new CliFailure(EXIT_CODE.usage, "nothing to examine is named", "add --from-log");
    }
    const { store } = loadCommandConfiguration(this, flags).configuration;
    const clients = await readClients(store.file, this.programName);
    if (flags.json) writeJson(this, { file: store.file, ...viewClients(clients) });
    else writeLines(this.process.stdout, describeGenuineClients(clients));
    return undefined;
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      fromLog: {
        kind: "boolean",
        default: false,
        brief: "Say which genuine Microsoft clients came, what they asked and what they need",
      },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Find out why clients are not activated",
    customUsage: [{ input: "--from-log", brief: "Genuine clients that were observed or relayed" }],
    fullDescription:
      "Reads the record's file alone and changes nothing; the appliance may run meanwhile.\n" +
      "Ends with 1 where there is no record or it cannot be read.",
  },
});

async function readClients(file: string, programName: string): Promise<GenuineClients> {
  // Only when it is wanted: other commands start without the database.
  const { openReadOnly } = await import("../../store/read-only.ts");
  const { readGenuineClients } = await import("../../relay/genuine-log.ts");
  let store: ReturnType<typeof openReadOnly>;
  try {
    store = openReadOnly(file);
    if (store !== undefined) return readGenuineClients(store);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFailure(EXIT_CODE.failure, `muster: ${file}: cannot be read: ${reason}`);
  } finally {
    store?.close();
  }
  const hint = `\`${programName} serve\` begins one; --config names another appliance`;
  throw new CliFailure(EXIT_CODE.failure, `muster: ${file}: there is no record`, hint);
}

function viewClients({ readable, opaque, needs }: GenuineClients) {
  return {
    clients: readable.map((client) => ({
      ...client,
      ...viewTimes(client),
      licenceState: LICENCE_STATES[client.licenceState] ?? String(client.licenceState),
    })),
    opaque: opaque.map((requests) => ({
      ...requests,
      ...viewTimes(requests),
      version: requests.version ?? null,
      octets: requests.octets ?? null,
    })),
    needs,
  };
}

function viewTimes({ firstSeen, lastSeen, lastResult }: ReadableClient | OpaqueRequests) {
  return {
    firstSeen: new Date(firstSeen).toISOString(),
    lastSeen: new Date(lastSeen).toISOString(),
    lastResult: formatHresult(lastResult),
  };
}
