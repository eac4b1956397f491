import { buildCommand } from "@stricli/core";
import { recordDeadline } from "../../activation/state.ts";
import { type Explanation, explainClient } from "../../analysis/explain.ts";
import { adviseOnResult } from "../../analysis/result-advice.ts";
import { viewExplanation } from "../../analysis/views.ts";
import { machineWords, spanWords, stateWords, timeWords } from "../../analysis/wording.ts";
import { duplicatesQuery } from "../../monitor/alert-facts.ts";
import { sanitise } from "../../platform/text.ts";
import { parseGuid } from "../../protocol/guid.ts";
import { formatHresult, HRESULT } from "../../protocol/hresult.ts";
import { LICENCE_STATES } from "../../protocol/types.ts";
import type { ClientItem } from "../../store/listing.ts";
import type { RecordReader } from "../../store/record-reader.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { safeLine } from "../listing.ts";
import { writeJson, writeLines } from "../output.ts";
import {
  type OpenRecord,
  RECORD_FLAGS,
  RECORD_HELP,
  type RecordFlags,
  withRecord,
} from "../record.ts";

type Flags = RecordFlags & { readonly json: boolean };

/** Clients explained at once, where a name has many. */
const CLIENTS_MAXIMUM = 10;

export const explainCommand = buildCommand<Flags, [machine: string], CliContext>({
  async func(flags, machine) {
    await withRecord(this, flags, (open) => {
      const found = findClients(open.record, machine);
      if (found.length === 0) throw unknownMachine(machine);
      const explanations = found.map((client) => explain(client, open));
      if (flags.json) writeJson(this, { clients: explanations.map(viewExplanation) });
      else {
        const lines = explanations.flatMap((one, index) => [
          ...(index === 0 ? [] : [""]),
          ...describe(one, open.now),
        ]);
        writeLines(this.process.stdout, lines.map(safeLine));
      }
    });
  },
  parameters: {
    flags: {
      ...RECORD_FLAGS,
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    positional: {
      kind: "tuple",
      parameters: [
        { parse: String, placeholder: "MACHINE", brief: "Client machine id or machine name" },
      ],
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Say why a machine is or is not activated",
    customUsage: [
      { input: "LAB-PC-7", brief: "By its name" },
      { input: "5d1e2f60-5c3a-4f0e-9a55-0a1b2c3d4e5f", brief: "By its client machine id" },
    ],
    fullDescription:
      "The count when it asked, what it needs, what lacks, how it stands, when it asks again, the\n" +
      "error code that it shows, and what to do. Ends with 1 where this host never heard of it.\n" +
      RECORD_HELP,
  },
});

function findClients(record: RecordReader, machine: string): readonly ClientItem[] {
  const cmid = parseGuid(machine);
  if (cmid !== undefined) return record.clients({ cmid, limit: CLIENTS_MAXIMUM }).items;
  const name = machine.toLowerCase();
  const { items } = record.clients({ namePrefix: machine, order: "machineName" });
  return items
    .filter(({ machineName }) => machineName.toLowerCase() === name)
    .slice(0, CLIENTS_MAXIMUM);
}

function unknownMachine(machine: string): CliFailure {
  const { noHostReachable } = HRESULT;
  return new CliFailure(
    EXIT_CODE.failure,
    `no request of "${sanitise(machine)}" has reached this host`,
    `if it shows ${formatHresult(noHostReachable)}: ${adviseOnResult(noHostReachable).advice}`,
  );
}

function explain(client: ClientItem, open: OpenRecord): Explanation {
  const { record, frame, now, productName } = open;
  const { policy, rules } = frame;
  const isCounted = client.source === "own";
  const since = recordDeadline(now, policy);
  const duplicates = record.duplicates(duplicatesQuery(frame, now));
  return explainClient(client, {
    rules,
    now,
    count: isCounted ? record.countCached(client.applicationId, since) : undefined,
    productName: productName(client.activationId),
    counting: policy.counting,
    duplicate: duplicates.find(
      ({ cmid, applicationId }) => cmid === client.cmid && applicationId === client.applicationId,
    )?.message,
  });
}

function describe(explanation: Explanation, now: number): readonly string[] {
  const { asked, code, countNow, shortfallNow, stateEndsAt, asksAgainAt, isOverdue } = explanation;
  const reported = LICENCE_STATES[asked.reportedState] ?? asked.reportedState;
  const lacking = shortfallNow === undefined || shortfallNow === 0 ? "" : `, ${shortfallNow} short`;
  const left = stateEndsAt === undefined ? "" : `, for another ${spanWords(stateEndsAt - now)}`;
  const rows: readonly (readonly [string, string])[] = [
    ["machine", machineWords(explanation.machineName, explanation.address)],
    ["CMID", explanation.cmid],
    ["product", explanation.productName ?? explanation.activationId],
    ["asked", `${timeWords(asked.at)}, as ${stateWords(String(reported))}`],
    ["count then", `${asked.count}; it needs ${asked.threshold}`],
    ["count now", countNow === undefined ? "not counted here" : `${countNow}${lacking}`],
    ["state now", `${stateWords(explanation.state)}${left}`],
    ["shows", `${formatHresult(code)}: ${adviseOnResult(code).meaning}`],
    ["asks again", `${timeWords(asksAgainAt)}${isOverdue ? ", which is past" : ""}`],
  ];
  return [
    explanation.reason,
    ...rows.map(([label, words]) => `  ${label.padEnd(11)} ${words}`),
    ...explanation.advice.map((advice) => `  -> ${advice}`),
  ];
}
