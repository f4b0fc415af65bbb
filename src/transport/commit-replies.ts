import type { Clock } from '../core/clock.js';
import { deferred } from '../core/deferred.js';
import type { DriverError, DriverTopicPartition } from './driver-types.js';
import { CODE, codeOf, reasonOf } from './librdkafka-errors.js';
import { partitionKey } from './partition-key.js';
import type { CommitRequest, CommitResult } from './port.js';

interface Expected {
  readonly offset: number;
  readonly resolve: (result: CommitResult) => void;
}

const OK: CommitResult = { ok: true };

/** The result of a commit that the broker, or the client, refused. */
export function commitFailure(error: unknown): CommitResult {
  return { ok: false, reason: reasonOf(error), metadataTooLarge: codeOf(error) === CODE.offsetMetadataTooLarge };
}

/**
 * Brings commits and their answers together. The client's answer is an event with topic, partition and offset
 * and nothing that names the request, so answers are taken in order for each partition, and one for another
 * offset than expected lets go of what was before it. Every commit has such an event, also one that was given
 * up.
 */
export class CommitReplies {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #expected = new Map<string, Expected[]>();

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves with the answer to a commit that was just sent. */
  expect(request: CommitRequest): Promise<CommitResult> {
    const { promise, resolve } = deferred<CommitResult>();
    const timer = this.#clock.setTimer(this.#timeoutMs, () => {
      resolve({ ok: false, reason: `no answer within ${this.#timeoutMs} ms`, metadataTooLarge: false });
    });
    this.#push(request, (result) => {
      timer.cancel();
      resolve(result);
    });
    return promise;
  }

  /** An event has come. */
  onEvent(error: DriverError | undefined, partitions: readonly DriverTopicPartition[]): void {
    for (const partition of partitions) this.#settle(partition, error ? commitFailure(error) : OK);
  }

  /** No more events will come. */
  abandon(reason: string): void {
    for (const { resolve } of [...this.#expected.values()].flat()) {
      resolve({ ok: false, reason, metadataTooLarge: false });
    }
    this.#expected.clear();
  }

  #push(request: CommitRequest, resolve: Expected['resolve']): void {
    const key = partitionKey(request);
    const queue = this.#expected.get(key);
    const entry = { offset: request.offset, resolve };
    if (queue === undefined) this.#expected.set(key, [entry]);
    else queue.push(entry);
  }

  #settle(partition: DriverTopicPartition, result: CommitResult): void {
    const key = partitionKey(partition);
    const queue = this.#expected.get(key) ?? [];
    const index = queue.findIndex(({ offset }) => offset === partition.offset);
    if (index === -1) return;
    const settled = queue.splice(0, index + 1);
    if (queue.length === 0) this.#expected.delete(key);
    const answered = settled.pop();
    for (const { resolve } of settled) resolve({ ok: false, reason: 'its answer was lost', metadataTooLarge: false });
    answered?.resolve(result);
  }
}
