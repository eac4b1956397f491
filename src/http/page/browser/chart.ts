/** Count and requests over time, drawn by uPlot. */
import uPlot from "uplot";
import type { Status } from "./live.ts";

type Sample = { readonly time: string; readonly count: number; readonly requests: number };
type Resolution = "minute" | "hour";

const RANGES: readonly (readonly [label: string, resolution: Resolution])[] = [
  ["24 hours", "minute"],
  ["90 days", "hour"],
];
const HEIGHT = 220;
/** A young host's few samples are not stretched over the whole width. */
const SHORTEST_SECONDS: Readonly<Record<Resolution, number>> = { minute: 3600, hour: 86_400 };
const SLOT_SECONDS: Readonly<Record<Resolution, number>> = { minute: 60, hour: 3600 };

/** Draws into the element; returns what takes the state as it changes. */
export function showHistory(element: HTMLElement): (status: Status) => void {
  let resolution: Resolution = "minute";
  let samples: Sample[] = [];
  let latest: Sample | undefined;
  let plot: uPlot | undefined;
  const thresholds = (element.dataset["thresholds"] ?? "").split(" ").filter(Boolean).map(Number);
  const board = document.createElement("div");
  const columns = (): uPlot.AlignedData =>
    columnsOf(latest === undefined ? samples : [...samples, latest]);
  const draw = (): void => {
    plot?.destroy();
    plot = new uPlot(optionsOf(board, resolution, thresholds), columns(), board);
  };
  const load = async (wanted: Resolution): Promise<void> => {
    const response = await fetch(`/api/v1/history?resolution=${wanted}`);
    if (!response.ok) return;
    samples = ((await response.json()) as { items: Sample[] }).items;
    resolution = wanted;
    draw();
  };
  element.append(rangeButtons(load), board);
  new ResizeObserver(() => plot?.setSize({ width: board.clientWidth, height: HEIGHT })).observe(
    board,
  );
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  void load(resolution);
  return ({ hostTime, count, requests }) => {
    latest = { time: hostTime, count, requests: requests.total };
    const last = samples.at(-1);
    // As the host does: the first state of a minute or hour stands for it.
    if (last !== undefined && slotOf(latest, resolution) > slotOf(last, resolution)) {
      samples.push(latest);
    }
    plot?.setData(columns());
  };
}

function slotOf({ time }: Sample, resolution: Resolution): number {
  return Math.floor(Date.parse(time) / 1000 / SLOT_SECONDS[resolution]);
}

function rangeButtons(load: (resolution: Resolution) => Promise<void>): HTMLElement {
  const group = document.createElement("div");
  group.className = "ranges";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Time shown");
  const buttons = RANGES.map(([label, resolution], index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-pressed", String(index === 0));
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      void load(resolution);
    });
    return button;
  });
  group.append(...buttons);
  return group;
}

/** Times, counts, and the requests between one sample and the next. */
function columnsOf(samples: readonly Sample[]): uPlot.AlignedData {
  const times = samples.map(({ time }) => Date.parse(time) / 1000);
  const requests = samples.map((sample, index) =>
    index === 0 ? 0 : Math.max(0, sample.requests - (samples[index - 1]?.requests ?? 0)),
  );
  return [times, samples.map(({ count }) => count), requests];
}

function optionsOf(
  board: HTMLElement,
  resolution: Resolution,
  thresholds: readonly number[],
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const shortest = SHORTEST_SECONDS[resolution];
  const [ink, line] = [colour("--faint"), colour("--line")];
  const grid = { stroke: line, width: 1 };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const axis = { stroke: ink, font: "12px system-ui, sans-serif", grid, ticks: grid };
  return {
    width: board.clientWidth,
    height: HEIGHT,
    scales: {
      x: { time: true, range: (_plot, least, most) => [Math.min(least, most - shortest), most] },
      count: { range: (_plot, _least, most) => [0, Math.max(10, ...thresholds, most ?? 0) * 1.1] },
      requests: { range: (_plot, _least, most) => [0, Math.max(10, most ?? 0) * 1.1] },
    },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    axes: [
      { ...axis, values: (_plot, splits) => splits.map(timeLabel), space: 64 },
      { ...axis, scale: "count", size: 44 },
      { ...axis, scale: "requests", side: 1, size: 56, grid: { show: false } },
    ],
    series: [
      { label: "Time (UTC)", value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
      {
        label: "Count",
        scale: "count",
        stroke: colour("--accent"),
        width: 2,
        ...(stepped === undefined ? {} : { paths: stepped }),
      },
      {
        label: `Requests per ${resolution}`,
        scale: "requests",
        stroke: colour("--second"),
        fill: colour("--second-fill"),
        width: 1,
      },
    ],
    hooks: { drawClear: [(plot) => drawThresholds(plot, thresholds, ink)] },
  };
}

/** The hour, and at midnight the day; UTC, as everywhere on the page. */
function timeLabel(seconds: number): string {
  const iso = new Date(seconds * 1000).toISOString();
  const hour = iso.slice(11, 16);
  return hour === "00:00" ? iso.slice(5, 10) : hour;
}

/** COUNT-2: the counts from which clients activate. */
function drawThresholds(plot: uPlot, thresholds: readonly number[], colour: string): void {
  const { ctx: context, bbox } = plot;
  context.save();
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  context.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const threshold of thresholds) {
    const y = Math.round(plot.valToPos(threshold, "count", true));
    context.beginPath();
    context.moveTo(bbox.left, y);
    context.lineTo(bbox.left + bbox.width, y);
    context.stroke();
    context.fillText(String(threshold), bbox.left + 4 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  context.restore();
}
