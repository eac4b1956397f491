import { Counter, Gauge, type Registry } from "prom-client";

/** One value under its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A metric that is read, not kept: its samples are made anew at each scrape. */
export type ReadMetric<Source> = {
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly labelNames?: readonly string[];
  readonly read: (source: Source) => readonly Sample[];
};

/** One sample without labels; none where the value is unknown. */
export function single(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [[{}, value]];
}

/**
 * Adds metrics that share one source, which is asked once per scrape however many they are: the
 * registry collects all at the same time.
 */
export function addReadMetrics<Source>(
  registry: Registry,
  readSource: () => Promise<Source>,
  metrics: readonly ReadMetric<Source>[],
): void {
  let current: Promise<Source> | undefined;
  const shared = (): Promise<Source> => {
    current ??= readSource().finally(() => {
      current = undefined;
    });
    return current;
  };
  for (const metric of metrics) addReadMetric(registry, shared, metric);
}

function addReadMetric<Source>(
  registry: Registry,
  readSource: () => Promise<Source>,
  { name, help, kind, labelNames = [], read }: ReadMetric<Source>,
): void {
  const shape = { name, help, labelNames: [...labelNames], registers: [registry] };
  if (kind === "gauge") {
    new Gauge({
      ...shape,
      async collect() {
        const samples = read(await readSource());
        clear(this);
        for (const [labels, value] of samples) this.set(labels, value);
      },
    });
    return;
  }
  new Counter({
    ...shape,
    async collect() {
      const samples = read(await readSource());
      clear(this);
      for (const [labels, value] of samples) this.inc(labels, value);
    },
  });
}

/** After a reset the library shows 0 where there are no labels; but unknown is not 0. */
function clear(metric: Gauge | Counter): void {
  metric.reset();
  metric.remove({});
}
