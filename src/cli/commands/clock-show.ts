import { buildCommand } from "@stricli/core";
import { isoTime, spanWords } from "../../analysis/wording.ts";
import type { SavedClock } from "../../monitor/clock-watch.ts";
import { systemClock } from "../../platform/clock.ts";
import type { CliContext } from "../context.ts";
import { alignColumns, writeJson, writeLines } from "../output.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";

type Flags = RecordFlags & { readonly json: boolean };

export const clockShowCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ savedClock }) => {
      const now = systemClock();
      if (flags.json) writeJson(this, documentOf(savedClock, now));
      else writeLines(this.process.stdout, describe(savedClock, now));
    });
  },
  parameters: {
    flags: {
      ...RECORD_FLAGS,
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Show whether the clock is believed",
    fullDescription: RECORD_HELP,
  },
});

function documentOf(saved: SavedClock | undefined, now: number) {
  const doubt = saved?.doubt ?? undefined;
  return {
    clock: isoTime(now),
    believed: saved === undefined ? null : isoTime(saved.believed),
    doubted: doubt !== undefined,
    jump: doubt === undefined ? null : doubt.kind,
  };
}

function describe(saved: SavedClock | undefined, now: number): readonly string[] {
  const doubt = saved?.doubt ?? undefined;
  const distance = doubt === undefined ? 0 : Math.abs(doubt.wall - doubt.noticedAt);
  const state =
    doubt === undefined
      ? "believed"
      : `doubted: it went ${doubt.kind} by ${spanWords(distance)}; no client expires`;
  return alignColumns([
    ["clock", isoTime(now)],
    ["last kept", saved === undefined ? "never" : isoTime(saved.believed)],
    ["state", state],
  ]);
}
