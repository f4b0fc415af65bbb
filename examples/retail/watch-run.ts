import type { Worker } from 'tenantry';
import { DemoError } from './demo-error.js';
import type { Progress } from './output/progress.js';
import type { Tally } from './tally.js';

const CHECK_INTERVAL_MS = 200;
const STALLED_AFTER_MS = 60_000;

/** What is watched. */
export interface WatchedRun {
  readonly worker: Worker;
  readonly tally: Tally;
  readonly progress: Progress;
  readonly lines: number;
}

/** Shows the progress of a run until it is disposed of; `signal` is aborted where the run stands still. */
export function watchRun(run: WatchedRun, interrupt: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const { worker, tally, progress, lines } = run;
  const stalled = new AbortController();
  let moved = 0;
  let movedAtMs = performance.now();
  progress.start(lines);
  const timer = setInterval(() => {
    progress.update(tally.handled);
    const nowMs = performance.now();
    if (tally.handled + tally.published !== moved) {
      moved = tally.handled + tally.published;
      movedAtMs = nowMs;
    } else if (nowMs - movedAtMs > STALLED_AFTER_MS) {
      stalled.abort(new DemoError('STALLED', describeStall(worker, tally)));
    }
  }, CHECK_INTERVAL_MS);
  return {
    signal: AbortSignal.any([interrupt, stalled.signal]),
    [Symbol.dispose]() {
      clearInterval(timer);
      progress.update(tally.handled);
      progress.stop();
    },
  };
}

function describeStall(worker: Worker, tally: Tally): string {
  const { status, reasons } = worker.health();
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return `nothing was published or handled for ${STALLED_AFTER_MS / 1_000} s, after ${tally.published} published and ${tally.handled} handled; the worker is ${status}${why}`;
}
