import { hash } from 'node:crypto';
import type { DedupeStore } from '../../api/dedupe.js';
import { answerInTime } from '../../core/answer-in-time.js';
import type { Clock } from '../../core/clock.js';

/** What tells an event from every other one in a store. */
export interface HandledEvent {
  readonly groupId: string;
  readonly tenantId: string;
  readonly logicalTopic: string;
  readonly recordKey: Buffer;
  readonly eventType: string;
  readonly eventId: string;
}

/** What deduplication stands on. */
export interface DedupeParts {
  readonly clock: Clock;
  readonly store: DedupeStore;
  readonly ttlMs: number;
}

/** A store that has not answered for this long has failed. Well below the time that a revocation waits. */
const STORE_TIMEOUT_MS = 3_000;

/** Asks the application's store of handled events, and tells it. */
export class Dedupe {
  readonly #parts: DedupeParts;
  /** What it has failed at when it was last tried: a store may still answer that takes nothing any more. */
  readonly #failing = new Set<keyof DedupeStore>();

  constructor(parts: DedupeParts) {
    this.#parts = parts;
  }

  /** Whether the store has failed when it was last asked, or last told. */
  get isAway(): boolean {
    return this.#failing.size > 0;
  }

  /** Rejects where the store fails, does not answer in time, or answers neither true nor false. */
  async has(key: string): Promise<boolean> {
    return this.#inTime('has', async () => {
      const answer: unknown = await this.#parts.store.has(key);
      // What a broken store says by accident must not make an event disappear.
      if (typeof answer !== 'boolean') throw new TypeError('a dedupe store answers true or false');
      return answer;
    });
  }

  /** Rejects where the store fails or does not answer in time; the key may be marked nevertheless. */
  async mark(key: string): Promise<void> {
    await this.#inTime('mark', () => this.#parts.store.mark(key, this.#parts.ttlMs));
  }

  async #inTime<T>(operation: keyof DedupeStore, work: () => T | PromiseLike<T>): Promise<T> {
    try {
      const answer = await answerInTime(this.#parts.clock, STORE_TIMEOUT_MS, work);
      this.#failing.delete(operation);
      return answer;
    } catch (error) {
      this.#failing.add(operation);
      throw error;
    }
  }
}

/**
 * The key of an event in a store: base64url of SHA-256 over group, tenant, topic, record key, type and id, each behind
 * its length in 4 bytes, so that no two events share a key by how their names are cut. All six are what the guard
 * and the seal vouch for: with the id alone, another tenant's event, or another group's, could stand for this one.
 */
export function dedupeKey({ groupId, tenantId, logicalTopic, recordKey, eventType, eventId }: HandledEvent): string {
  const names = [groupId, tenantId, logicalTopic, recordKey, eventType, eventId];
  return hash('sha256', Buffer.concat(names.flatMap(withLength)), 'base64url');
}

function withLength(name: string | Buffer): Buffer[] {
  const bytes = typeof name === 'string' ? Buffer.from(name) : name;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}
