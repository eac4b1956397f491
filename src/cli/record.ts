/** The record for commands that read it: from its file, whether or not an appliance runs. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Configuration } from "../config/configuration.ts";
import { analysisFrame, catalogueOf } from "../config/monitoring.ts";
import type { AnalysisFrame } from "../monitor/alert-facts.ts";
import { CLOCK_SETTING, parseSavedClock, type SavedClock } from "../monitor/clock-watch.ts";
import { systemClock } from "../platform/clock.ts";
import { sanitise } from "../platform/text.ts";
import type { Guid } from "../protocol/types.ts";
import { primaryResult, StoreError } from "../store/health.ts";
import type { RecordReader } from "../store/record-reader.ts";
import {
  CONFIGURATION_FLAGS,
  type ConfigurationFlags,
  loadCommandConfiguration,
} from "./configuration.ts";
import type { CliContext } from "./context.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CliFailure } from "./failure.ts";

export type RecordFlags = ConfigurationFlags & { readonly dataDirectory?: string };

export const RECORD_FLAGS = {
  ...CONFIGURATION_FLAGS,
  dataDirectory: {
    kind: "parsed",
    parse: String,
    optional: true,
    brief: "Folder of the record (by the configuration)",
    placeholder: "DIR",
  },
} as const;

/** For the full description of each such command. */
export const RECORD_HELP =
  "Reads the record from its file, without changing it: beside the appliance that writes it, or\n" +
  "when none runs. --config or --data-directory say where it is.";

/** The record, and what the analyses need besides. */
export type OpenRecord = {
  readonly record: RecordReader;
  readonly configuration: Configuration;
  readonly frame: AnalysisFrame;
  /** The time as the appliance believes it: another than the clock's where that is doubted. */
  readonly now: number;
  readonly savedClock: SavedClock | undefined;
  readonly productName: (activationId: Guid) => string | undefined;
};

/** Reads the configuration that says where the record is. */
export function recordConfiguration(context: CliContext, flags: RecordFlags): Configuration {
  const { dataDirectory, set = [] } = flags;
  const settings =
    dataDirectory === undefined
      ? set
      : [...set, `appliance.data_directory=${resolve(dataDirectory)}`];
  return loadCommandConfiguration(context, { ...flags, set: settings }).configuration;
}

/**
 * Opens the record for `use` and closes it after. Throws a {@link CliFailure} that says why not.
 */
export async function withRecord<Value>(
  context: CliContext,
  flags: RecordFlags,
  use: (open: OpenRecord) => Value | Promise<Value>,
): Promise<Value> {
  const configuration = recordConfiguration(context, flags);
  const { file } = configuration.store;
  if (!existsSync(file)) {
    throw new CliFailure(
      EXIT_CODE.failure,
      `${sanitise(file)}: there is no record`,
      "say where it is: --config FILE, or --data-directory DIR",
    );
  }
  const record = await openRecord(file);
  try {
    const frame = analysisFrame(configuration, catalogueOf(configuration));
    const savedClock = parseSavedClock(record.setting(CLOCK_SETTING));
    const isDoubted = savedClock !== undefined && savedClock.doubt !== null;
    return await use({
      record,
      configuration,
      frame,
      now: isDoubted ? savedClock.believed : systemClock(),
      savedClock,
      productName: (activationId) => frame.catalogue.find(activationId)?.name,
    });
  } catch (error) {
    throw recordFailure(file, error);
  } finally {
    record.close();
  }
}

async function openRecord(file: string): Promise<RecordReader> {
  // Only when it is wanted: most commands answer without the database.
  const { openRecordReader } = await import("../store/record-reader.ts");
  try {
    return openRecordReader(file);
  } catch (error) {
    throw recordFailure(file, error);
  }
}

/** What is wrong with the record is no mistake of ours; the rest is. */
function recordFailure(file: string, error: unknown): unknown {
  if (error instanceof CliFailure || !(error instanceof Error)) return error;
  if (!(error instanceof StoreError) && primaryResult(error) === undefined) return error;
  return new CliFailure(EXIT_CODE.failure, `${sanitise(file)}: ${sanitise(error.message)}`);
}
