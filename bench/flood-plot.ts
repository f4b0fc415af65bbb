// A plot of how long a quiet tenant waits while another one floods.
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import type { FloodRun } from './flood-figures.ts';

export interface PlotLine {
  readonly client: string;
  readonly run: FloodRun;
}

interface Point {
  readonly client: string;
  readonly second: number;
  readonly waitMs: number;
}

const STEP_MS = 250;
const LEAST_MS = 10;
const DASHES = [
  [1, 0],
  [1, 0],
  [6, 6],
];

/** @returns an SVG */
export async function latencyPlot(lines: readonly PlotLine[]): Promise<string> {
  const { spec } = compile({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 640,
    height: 320,
    background: 'white',
    title: 'How long the oldest event of a quiet tenant has waited while another tenant floods',
    data: { values: lines.flatMap(points) },
    mark: { type: 'line', interpolate: 'step-after' },
    encoding: {
      x: { field: 'second', type: 'quantitative', title: 'seconds since the quiet tenant began' },
      y: { field: 'waitMs', type: 'quantitative', scale: { type: 'log' }, title: 'milliseconds' },
      color: {
        field: 'client',
        type: 'nominal',
        title: null,
        legend: { orient: 'bottom', direction: 'vertical', labelLimit: 0 },
        sort: null,
      },
      // The last one is dashed, so that one below it is seen.
      strokeDash: { field: 'client', type: 'nominal', title: null, sort: null, scale: { range: DASHES } },
    },
  });
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}

/** For each step, of the first quiet tenant: the longest wait of what was handled in it or still waits at its end. */
function points({ client, run: { work, sent, handled } }: PlotLine): Point[] {
  const doneAtMs = new Map(
    handled.quiet.filter(({ tenant }) => tenant === 0).map(({ sentAtMs, doneAtMs: at }) => [sentAtMs, at]),
  );
  const mine = sent.quietAtMs.filter((_, index) => index % work.quietTenants === 0);
  const startMs = mine[0] ?? 0;
  const found: Point[] = [];
  for (let fromMs = startMs; fromMs + STEP_MS <= handled.endMs; fromMs += STEP_MS) {
    const toMs = fromMs + STEP_MS;
    const waits = mine
      .filter((sentAtMs) => sentAtMs < toMs && (doneAtMs.get(sentAtMs) ?? toMs) >= fromMs)
      .map((sentAtMs) => Math.min(doneAtMs.get(sentAtMs) ?? toMs, toMs) - sentAtMs);
    if (waits.length === 0) continue;
    found.push({ client, second: (fromMs - startMs) / 1_000, waitMs: Math.max(LEAST_MS, ...waits) });
  }
  return found;
}
