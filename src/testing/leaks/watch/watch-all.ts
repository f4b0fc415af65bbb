import type { Worker } from '../../../api/worker.js';
import type { TenantKafka } from '../../../client/tenant-kafka.js';
import { partsOf } from '../../../client/client-parts.js';
import { tenantryError } from '../../../core/errors.js';
import type { Logger } from '../../../core/logger.js';
import type { HandlerRuns } from './handler-runs.js';
import { holdTimers } from '../order/hold-timers.js';
import type { Interleaving } from '../order/interleaving.js';
import type { ResolvedLeakOptions } from '../leak-options.js';
import type { Output, Saw } from './output.js';
import { currentOwner, currentRun, type HandlerRun, type Owner } from './owner.js';
import { undoable } from './undo.js';
import { watchHttp } from './watch-http.js';
import { watchLogs } from './watch-logs.js';
import { watchPublishes } from './watch-publishes.js';
import { watchSpans } from './watch-spans.js';

/** Where a handler was refused to act for another tenant. */
export interface Refusal {
  readonly of: string;
  readonly owner: Owner;
  readonly run: HandlerRun | undefined;
}

/** What is watched, and by whom. */
export interface Watched {
  readonly saw: Saw;
  readonly onRefusal: (refusal: Refusal) => void;
  readonly kafka: TenantKafka;
  readonly worker: Worker;
  readonly handlers: HandlerRuns;
  readonly interleaving: Interleaving;
  /** Whether a fetch of a handler is to fail. */
  readonly fails: () => boolean;
}

/** A watch of all channels. */
export interface Watch {
  readonly spans: () => readonly Output[];
  /** Why spans are not watched; undefined where they are. */
  readonly spansNotWatched: string | undefined;
  readonly bodiesNotSeen: () => number;
  readonly stop: () => void;
}

/** Watches all ways out of the handlers of a worker, and holds what they wait for. */
export function watchAll(watched: Watched, options: ResolvedLeakOptions): Watch {
  const { saw, kafka, worker, handlers, interleaving, fails, onRefusal } = watched;
  const parts = partsOf(kafka);
  if (parts === undefined) throw tenantryError('INVALID_STATE', 'the client is of another copy of tenantry');
  return undoable((undo) => {
    const spans = watchSpans();
    undo.add(() => {
      spans.stop();
    });
    const http = watchHttp(saw, {
      begin: () => interleaving.beginIo(),
      send: (request) => sendInTurn(interleaving, fails, request),
    });
    undo.add(() => {
      http.stop();
    });
    undo.add(watchLogs(saw, options.showsLogs));
    undo.add(
      watchPublishes(parts, saw, (of, owner = currentOwner()) => {
        onRefusal({ of, owner, run: currentRun() });
      }),
    );
    for (const [name, sink] of Object.entries(options.sinks)) {
      const end = sink((value) => {
        saw('sink', name, value);
      });
      if (end !== undefined) undo.add(end);
    }
    undo.add(holdTimers(interleaving, options.maxTimerMs));
    undo.add(handlers.watch(worker, saw));
    return {
      spans: () => spans.outputs(),
      spansNotWatched: spans.notWatched,
      bodiesNotSeen: () => http.bodiesNotSeen,
      stop: () => {
        undo.all();
      },
    };
  });
}

/** A logger of a client, whose lines are looked into and not shown. */
export function watchedLogger(saw: Saw): Logger {
  const write =
    (level: keyof Logger): Logger[keyof Logger] =>
    (fields, message) => {
      saw('log', `the client's logger.${level}`, { message, ...fields });
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

async function sendInTurn(
  interleaving: Interleaving,
  fails: () => boolean,
  request: () => Promise<Response>,
): Promise<Response> {
  if (currentRun() === undefined) return request();
  await interleaving.turn();
  if (fails()) throw new TypeError('fetch failed', { cause: new Error('failed on purpose by findTenantLeaks') });
  const end = interleaving.beginIo();
  let response: Response;
  try {
    response = await request();
  } finally {
    end();
  }
  await interleaving.turn();
  return response;
}
