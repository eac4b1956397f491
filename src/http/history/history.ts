/** Count and requests over time: minutes of a day and hours of a season, in little memory. */

/** The state at one moment. Requests add up since the installation (HOST-8). */
export type HistorySample = {
  /** Unix milliseconds. */
  readonly time: number;
  readonly count: number;
  readonly clientsKnown: number;
  readonly requests: number;
  readonly failed: number;
};

export const RESOLUTIONS = {
  minute: { milliseconds: 60_000, samplesMaximum: 1440 },
  hour: { milliseconds: 3_600_000, samplesMaximum: 2160 },
} as const;
export type Resolution = keyof typeof RESOLUTIONS;

export class History {
  readonly #samples: { readonly [resolution in Resolution]: HistorySample[] } = {
    minute: [],
    hour: [],
  };

  /** Keeps the first sample of each minute and hour. Returns whether an hour began with it. */
  add(sample: HistorySample): boolean {
    this.#keep("minute", sample);
    return this.#keep("hour", sample);
  }

  /** Oldest first. */
  samples(resolution: Resolution): readonly HistorySample[] {
    return this.#samples[resolution];
  }

  /** About 30 octets a sample. */
  toText(): string {
    const { minute, hour } = this.#samples;
    return JSON.stringify({ version: 1, minute: minute.map(toRow), hour: hour.map(toRow) });
  }

  /** What {@link toText} gave; an empty history where it did not. */
  static fromText(text: string | undefined): History {
    const history = new History();
    for (const resolution of ["minute", "hour"] as const) {
      const { samplesMaximum } = RESOLUTIONS[resolution];
      const rows = readRows(text, resolution).slice(-samplesMaximum);
      history.#samples[resolution].push(...rows);
    }
    return history;
  }

  #keep(resolution: Resolution, sample: HistorySample): boolean {
    const samples = this.#samples[resolution];
    const { milliseconds, samplesMaximum } = RESOLUTIONS[resolution];
    const slot = ({ time }: HistorySample): number => Math.floor(time / milliseconds);
    // A clock that was set back: what lies in the future now would stand there until it comes.
    while (samples.length > 0 && slot(samples.at(-1) as HistorySample) > slot(sample)) {
      samples.pop();
    }
    const last = samples.at(-1);
    if (last !== undefined && slot(last) === slot(sample)) return false;
    samples.push(sample);
    if (samples.length > samplesMaximum) samples.shift();
    return true;
  }
}

type Row = readonly [number, number, number, number, number];

function toRow({ time, count, clientsKnown, requests, failed }: HistorySample): Row {
  return [time, count, clientsKnown, requests, failed];
}

function readRows(text: string | undefined, resolution: Resolution): HistorySample[] {
  try {
    const rows: unknown = (JSON.parse(text ?? "{}") as Record<string, unknown>)[resolution];
    if (!Array.isArray(rows)) return [];
    return rows.filter(isRow).map(([time, count, clientsKnown, requests, failed]) => {
      return { time, count, clientsKnown, requests, failed };
    });
  } catch {
    return [];
  }
}

function isRow(row: unknown): row is Row {
  return Array.isArray(row) && row.length === 5 && row.every(Number.isSafeInteger);
}
