/** uPlot, kept in a chunk of its own: loaded when the first time chart comes on the page. */
import uPlot from 'uplot';

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly series: readonly Series[];
  readonly axis: (value: number) => string;
  readonly clock: (seconds: number) => string;
  readonly onCursor: (index: number | null) => void;
}

/** Line dashes, so that series differ without colour too. */
const dashes: number[][] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

export function makePlot(host: HTMLElement, times: readonly number[], options: PlotOptions): uPlot {
  const style = getComputedStyle(host);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--text-quiet'),
    font: `12px ${colour('--font')}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      legend: { show: false },
      padding: [8, 22, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: {
        x: { time: false },
        y: { range: (_plot, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 56,
          size: 30,
          values: (_plot, splits) => splits.map(options.clock),
          incrs: minutes,
        },
        { ...axis, size: 64, space: 44, values: (_plot, splits) => splits.map(options.axis) },
      ],
      series: [
        {},
        ...options.series.map((series, at) => ({
          label: series.label,
          stroke: colour(`--series-${at + 1}`),
          width: 2,
          dash: dashes[at % dashes.length] ?? [],
          spanGaps: false,
          points: { show: false },
          ...(options.series.length === 1
            ? { fill: `color-mix(in srgb, ${colour('--series-1')} 12%, transparent)` }
            : {}),
        })),
      ],
      hooks: { setCursor: [(plot) => options.onCursor(plot.cursor.idx ?? null)] },
    },
    [[...times], ...options.series.map((series) => [...series.values])] as uPlot.AlignedData,
    host,
  );
}

const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((count) => count * 60);
