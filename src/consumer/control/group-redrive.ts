import type { RedriveOptions, RedriveReport } from '../../api/worker.js';
import type { Clock } from '../../core/clock.js';
import { isTenantryError } from '../../core/errors.js';
import { newEventId } from '../../core/event-id.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { CommittedPosition, GroupConsumer, PartitionReader, TopicPartition } from '../../transport/port.js';
import { decodeMetadata, logHash } from '../ledger/commit-metadata.js';
import { notRead, underWay } from './control-errors.js';
import type { Move } from './control-record.js';
import { readDeadLetter } from '../handling/dead-letter.js';
import { PartitionScan } from './partition-scan.js';
import { placeName, placesOf, placesOfAll } from '../group/places.js';
import { fingerprintOf, ownerOf } from '../ledger/record-owner.js';
import { matchesFilter, type RedriveFilter } from './redrive-filter.js';
import type { RedriveControl, Redrives, ToldRedrive } from './redrives.js';

/** What is asked of a group: a member can tell, and so can who only looks at it. */
export type GroupLookups = Pick<
  GroupConsumer,
  'committed' | 'logRange' | 'partitionCount' | 'logIdentity' | 'findsTimes' | 'offsetForTime'
>;

/** What a redrive stands on. */
export interface RedriveParts {
  readonly clock: Clock;
  readonly consumer: GroupLookups;
  readonly createReader: () => PartitionReader;
  readonly redrives: Redrives;
  /** By the topic whose events they are. */
  readonly deadLetterTopics: ReadonlyMap<string, string>;
  /** Where reading goes on for a reader that stands still at an offset that was given up; undefined where it was not. */
  readonly givenUpUntil: (place: TopicPartition, offset: number) => number | undefined;
}

const TIMEOUT_MS = 10_000;

/** Finds the dead letters that a redrive is for, and whether it may be told. */
export class GroupRedrive {
  readonly #parts: RedriveParts;

  constructor(parts: RedriveParts) {
    this.#parts = parts;
  }

  /**
   * What to tell the group, and what is said of it to whoever asked.
   *
   * @returns a control without partitions where there is nothing to redrive
   */
  async plan(
    tenantId: TenantId,
    options: RedriveOptions,
  ): Promise<{ readonly control: RedriveControl; readonly report: RedriveReport }> {
    const { clock, redrives } = this.#parts;
    const last = redrives.lastOf(tenantId);
    const unended = last === undefined ? [] : await this.#unended(last);
    if (unended.length > 0 && options.dryRun !== true) throw underWay(tenantId, unended);
    const filter = filterOf(options);
    const startedAtMs = clock.nowMs();
    // The clocks of those who wrote them may be ahead.
    let toldAtMs = startedAtMs;
    const partitions = new Map<string, Move>();
    const codes = new Map<string, number>();
    let matched = 0;
    const visit = (copy: ReceivedRecord): void => {
      if (ownerOf(copy.key) !== tenantId) return;
      const letter = readDeadLetter(copy);
      if (letter === undefined || !matchesFilter(filter, letter)) return;
      if (redrives.wasFor(copy, tenantId, letter)) return;
      matched += 1;
      toldAtMs = Math.max(toldAtMs, copy.timestampMs);
      codes.set(letter.code, (codes.get(letter.code) ?? 0) + 1);
      const { from = copy.offset } = partitions.get(placeName(copy)) ?? {};
      partitions.set(placeName(copy), { from, until: copy.offset + 1 });
    };
    await this.#scan(options, visit);
    return {
      control: {
        kind: 'redrive',
        tenantId,
        id: newEventId(startedAtMs),
        after: last?.offset ?? -1,
        toldAtMs,
        filter,
        partitions,
      },
      report: { matched, codes: Object.fromEntries(codes), isUnderWay: unended.length > 0 },
    };
  }

  async #scan({ topic, signal }: RedriveOptions, visit: (copy: ReceivedRecord) => void): Promise<void> {
    const { clock, consumer, createReader, deadLetterTopics, givenUpUntil } = this.#parts;
    const topics = topic === undefined ? [...deadLetterTopics.values()] : [this.#deadLettersOf(topic)];
    const places = await placesOfAll(topics, consumer, TIMEOUT_MS);
    const logRange = (place: TopicPartition): ReturnType<GroupConsumer['logRange']> =>
      consumer.logRange(place, TIMEOUT_MS);
    await new PartitionScan({ clock, createReader, logRange, visit, givenUpUntil, signal }).run(places);
  }

  #deadLettersOf(topic: string): string {
    const found = this.#parts.deadLetterTopics.get(topic);
    if (found !== undefined) return found;
    throw notRead([topic]);
  }

  /** Partitions of which no commit says yet that a redrive has ended there. */
  async #unended({ redrive, offset }: ToldRedrive): Promise<readonly string[]> {
    const { consumer } = this.#parts;
    // Not of this member's topics alone: it may handle fewer than others.
    const topics = new Set([...redrive.partitions.keys()].map((name) => name.slice(0, name.lastIndexOf('/'))));
    const unended: string[] = [];
    for (const topic of topics) {
      const places = await placesOf(topic, consumer, TIMEOUT_MS).catch(noneWhereDeleted);
      const meant = places.filter((place) => redrive.partitions.has(placeName(place)));
      const committed = meant.length === 0 ? [] : await consumer.committed(meant, TIMEOUT_MS);
      for (const position of committed) {
        const { highOffset } = await consumer.logRange(position, TIMEOUT_MS);
        if (!this.#hasEnded(redrive, offset, position, highOffset)) unended.push(placeName(position));
      }
    }
    return unended;
  }

  #hasEnded(
    { tenantId, partitions }: RedriveControl,
    toldAt: number,
    position: CommittedPosition,
    highOffset: number,
  ): boolean {
    const range = partitions.get(placeName(position));
    if (range?.from === undefined) return true;
    if (position.offset === undefined) return false;
    const { from } = range;
    // A topic that was made anew, or cut, may not have so many for long.
    const until = Math.min(range.until, highOffset);
    // A broker that takes no metadata: below a plain watermark nothing is open.
    if (position.metadata === '') return position.offset >= until;
    const log = logHash(this.#parts.consumer.logIdentity(position));
    const told = decodeMetadata(position.metadata, position.offset, log);
    if ((told?.controlOffset ?? -1) <= toldAt) return false;
    const { head, cursors, taken } = told ?? { head: position.offset, cursors: [], taken: [] };
    const fingerprint = fingerprintOf(tenantId);
    return (
      head >= until &&
      !cursors.some((cursor) => cursor.fingerprint === fingerprint && cursor.offset < until) &&
      !taken.some(({ start, length }) => start < until && start + length > from)
    );
  }
}

function noneWhereDeleted(error: unknown): TopicPartition[] {
  if (isTenantryError(error, 'TOPIC_NOT_FOUND')) return [];
  throw error;
}

function filterOf({ code, eventType, failedFrom, failedUntil }: RedriveOptions): RedriveFilter {
  return {
    ...(code !== undefined && { codes: [code].flat() }),
    ...(eventType !== undefined && { eventTypes: [eventType].flat() }),
    ...(failedFrom !== undefined && { fromMs: failedFrom.getTime() }),
    ...(failedUntil !== undefined && { untilMs: failedUntil.getTime() }),
  };
}
