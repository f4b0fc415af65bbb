import type { Clock } from '../../core/clock.js';
import { tenantryError } from '../../core/errors.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { LogRange, PartitionReader, TopicPartition } from '../../transport/port.js';
import { placeName } from '../group/places.js';
import { Rest } from '../../core/rest.js';

/** What a scan stands on. */
export interface ScanParts {
  readonly clock: Clock;
  readonly createReader: () => PartitionReader;
  readonly logRange: (partition: TopicPartition) => Promise<LogRange>;
  readonly visit: (record: ReceivedRecord) => void;
  /** Where reading goes on where it stands still at an offset that was given up; undefined where it was not. */
  readonly givenUpUntil: (place: TopicPartition, offset: number) => number | undefined;
  readonly signal: AbortSignal | undefined;
}

const CHUNK_RECORDS = 500;
const REST_MS = 100;
/** A partition that gives nothing for so long cannot be read now. */
const STANDSTILL_MS = 30_000;
const DISCONNECT_MS = 1_000;

/** Reads whole partitions once, one after the other, each up to where it ends when its turn comes. */
export class PartitionScan {
  readonly #parts: ScanParts;
  readonly #reader: PartitionReader;
  readonly #rest: Rest;
  #endOffset = 0;
  #mustBeginAnew = false;

  constructor(parts: ScanParts) {
    this.#parts = parts;
    this.#reader = parts.createReader();
    this.#rest = new Rest(parts.clock);
  }

  /** @throws TenantryError `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED`, `ABORTED` */
  async run(places: readonly TopicPartition[]): Promise<void> {
    try {
      await this.#reader.connect({
        onReadable: () => this.#rest.end(),
        onEnd: (_, offset) => {
          this.#endOffset = offset;
        },
        onError: () => {
          this.#mustBeginAnew = true;
        },
      });
      for (const place of places) await this.#scan(place);
    } finally {
      await this.#reader.disconnect(DISCONNECT_MS);
    }
  }

  async #scan(place: TopicPartition): Promise<void> {
    const { clock, logRange } = this.#parts;
    const { lowOffset, highOffset } = await logRange(place);
    if (lowOffset >= highOffset) return;
    let position = lowOffset;
    let movedAtMs = clock.monotonicMs();
    this.#endOffset = 0;
    this.#mustBeginAnew = true;
    while (position < highOffset) {
      if (this.#mustBeginAnew) {
        // Retention may have passed by: what is gone is found no more.
        position = Math.max(position, (await logRange(place)).lowOffset);
        if (position >= highOffset) break;
        this.#mustBeginAnew = false;
        await this.#reader.read({ ...place, offset: position, leaderEpoch: undefined });
      }
      const reached = await this.#poll(position, highOffset);
      if (reached > position) {
        position = reached;
      } else if (clock.monotonicMs() - movedAtMs <= STANDSTILL_MS) {
        await this.#rest.take(REST_MS);
        continue;
      } else {
        const until = this.#parts.givenUpUntil(place, position);
        if (until === undefined) throw standsStill(place);
        position = until;
        this.#mustBeginAnew = true;
      }
      movedAtMs = clock.monotonicMs();
    }
    this.#reader.leave(place);
  }

  /** @returns up to where the partition was read */
  async #poll(position: number, highOffset: number): Promise<number> {
    const { visit, signal } = this.#parts;
    if (signal?.aborted === true) throw tenantryError('ABORTED', 'the search for dead letters was aborted');
    let reached = position;
    for (const record of await this.#reader.poll(CHUNK_RECORDS)) {
      if (record.offset < reached) continue;
      reached = record.offset + 1;
      if (record.offset < highOffset) visit(record);
    }
    return Math.max(reached, this.#endOffset);
  }
}

function standsStill(place: TopicPartition): Error {
  return tenantryError('BROKER_UNREACHABLE', `${placeName(place)} gave no records for ${STANDSTILL_MS / 1_000} s`);
}
