import type { DeliveredRecord, EventHandler, HandlerOptions } from '../../api/handler.js';
import type { Receipt } from '../../api/publisher.js';
import type { Worker } from '../../api/worker.js';
import { partsOf } from '../../client/client-parts.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { readDeadLetter } from '../../consumer/handling/dead-letter.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import { delay } from '../../core/clock.js';
import { isTenantryError } from '../../core/errors.js';
import { invalidOptions } from '../../core/invalid-options.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import { parseGroupName, sharedGroupId } from '../../routing/naming.js';
import type { Moment } from '../in-memory/memory-cluster.js';
import { clusterOf } from '../in-memory/memory-transport.js';
import { VirtualClock } from '../virtual-clock.js';
import type { DeliveryResult, HandlerTry, PublishedEvent } from './delivery-result.js';
import { placeOf, readBack, type ReadBackParts } from './read-back.js';
import { watchedHandler } from './watched-handler.js';
import { writeInput, type Input } from './write-input.js';

/** Nobody is to wait for progress to be committed. */
const COMMIT_INTERVAL_MS = 5;
const NO_PAUSE = { backoffMs: 1, maxBackoffMs: 1 } as const;

let runs = 0;

/** A handler and what it is for. */
export interface Registration {
  readonly contracts: readonly AnyEventContract[];
  readonly handler: EventHandler;
  readonly options: HandlerOptions;
}

/** What became of each input, and what was published meanwhile. */
export interface RunResult {
  readonly endings: readonly Omit<DeliveryResult, 'published'>[];
  readonly published: readonly PublishedEvent[];
}

/**
 * Delivers events to handlers, one at a time, by a worker of their own on a client in memory.
 *
 * @throws TenantryError what publishing an input fails with; `INVALID_OPTIONS`, `INVALID_STATE`
 */
export function runDeliveries(
  kafka: TenantKafka,
  registrations: readonly Registration[],
  inputs: readonly Input[],
  giveUpAfterMs: number,
): Promise<RunResult> {
  const parts = partsOf(kafka);
  const cluster = parts && clusterOf(parts.transport);
  if (parts === undefined || cluster === undefined)
    throw invalidOptions('deliver', [{ path: 'kafka', message: 'must be a client of an InMemoryKafka' }]);
  const run = new DeliveryRun({ kafka, parts, cluster }, registrations);
  const done = cluster.inTurn(() => run.run(inputs, giveUpAfterMs));
  return parts.clock instanceof VirtualClock ? parts.clock.advanceUntil(done) : done;
}

class DeliveryRun {
  readonly #parts: ReadBackParts;
  readonly #registrations: readonly Registration[];
  /** By the places of the inputs. */
  readonly #tries = new Map<string, HandlerTry[]>();

  constructor(parts: ReadBackParts, registrations: readonly Registration[]) {
    this.#parts = parts;
    this.#registrations = registrations;
  }

  async run(inputs: readonly Input[], giveUpAfterMs: number): Promise<RunResult> {
    const { kafka, parts, cluster } = this.#parts;
    runs += 1;
    const group = `deliver-${runs}`;
    const topics = this.#registrations.flatMap(({ contracts }) => contracts.map(({ topic }) => topic));
    for (const topic of topics) cluster.partitionCount(topic);
    const before = cluster.now();
    const receipts: Receipt[] = [];
    for (const input of inputs) receipts.push(await writeInput(parts, input));
    for (const receipt of receipts) this.#tries.set(placeOf(receipt), []);
    cluster.beginAt(sharedGroupId(parseGroupName(group)), topics, before);

    const worker = kafka.worker(group, { commitIntervalMs: COMMIT_INTERVAL_MS, concurrency: 1 });
    for (const registration of this.#registrations) this.#register(worker, registration);
    const isFinished = await this.#work(worker, giveUpAfterMs);
    // Nobody tried it and nothing is left of it but that it has ended.
    const passedOver = worker.counts().erased > 0 ? 'erased' : 'skipped';
    const untried = isFinished ? passedOver : 'unfinished';
    const endings = receipts.map((receipt) => this.#endingOf(receipt, untried, before));
    const published = await readBack(before, (record) => this.#tries.has(placeOf(record)), this.#parts);
    return { endings, published };
  }

  #register(worker: Worker, { contracts, handler, options }: Registration): void {
    const watched = watchedHandler(handler, (record) => this.#tries.get(placeOf(record)));
    worker.on(contracts, watched, { ...options, retry: { ...options.retry, ...NO_PAUSE } });
  }

  /** @returns whether everything has ended, and the time was not over */
  async #work(worker: Worker, giveUpAfterMs: number): Promise<boolean> {
    const { clock, pipeline } = this.#parts.parts;
    const giveUp = new AbortController();
    const timer = clock.setTimer(giveUpAfterMs, () => {
      giveUp.abort();
    });
    try {
      await worker.start();
      const isFinished = await worker.caughtUp({ signal: giveUp.signal }).then(() => true, ifAborted);
      // A handler may not have awaited what it published.
      while (pipeline.unsettled > 0 && !giveUp.signal.aborted) await delay(clock, 1, giveUp.signal);
      return isFinished;
    } finally {
      timer.cancel();
      await worker.stop({ timeoutMs: giveUp.signal.aborted ? 0 : undefined });
    }
  }

  #endingOf(receipt: Receipt, untried: DeliveryResult['outcome'], since: Moment): RunResult['endings'][number] {
    const tries = this.#tries.get(placeOf(receipt)) ?? [];
    const last = tries.at(-1);
    const ending = { code: undefined, detail: undefined, tries, error: last?.error };
    const copy = this.#copyOf(receipt, since);
    if (copy !== undefined) return { ...ending, ...copy };
    if (last?.settled === true && last.error === undefined) return { ...ending, outcome: 'handled' };
    return { ...ending, outcome: last === undefined ? untried : 'unfinished' };
  }

  #copyOf(receipt: DeliveredRecord, since: Moment): Pick<DeliveryResult, 'outcome' | 'code' | 'detail'> | undefined {
    for (const record of this.#parts.cluster.since(since)) {
      const copy = readDeadLetter(record);
      if (copy === undefined || placeOf(copy.origin) !== placeOf(receipt)) continue;
      const outcome = record.topic.endsWith('.dlq') ? 'dead-lettered' : 'quarantined';
      return { outcome, code: copy.code, detail: detailOf(record) };
    }
    return undefined;
  }
}

/** Why the handler asked for the dead letters, or the name of what it threw. */
function detailOf({ headers }: ReceivedRecord): string | undefined {
  return headers.findLast(({ name }) => name === 'dlq-reason')?.value.toString('utf8');
}

function ifAborted(error: unknown): false {
  if (isTenantryError(error, 'ABORTED')) return false;
  throw error;
}
