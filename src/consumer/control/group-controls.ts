import type {
  ControlOptions,
  MoveTarget,
  RedriveOptions,
  RedriveReport,
  ReplayRange,
  UnreadableOffsets,
} from '../../api/worker.js';
import { delay } from '../../core/clock.js';
import { tenantryError } from '../../core/errors.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { TopicPartition } from '../../transport/port.js';
import { Confirmation } from './confirmation.js';
import type { ControlLog } from './control-log.js';
import type { Control, Move } from './control-record.js';
import { noPartition, notRead, notRunning, perhapsWritten, underWay } from './control-errors.js';
import { GroupRedrive, type RedriveParts } from './group-redrive.js';
import { Patience } from './patience.js';
import { placeName, placesOfAll } from '../group/places.js';

/** What the controls of a group stand on. */
export interface GroupControlsParts extends RedriveParts {
  /** Aborted once the member stops: from then on it tells nothing. */
  readonly stopped: AbortSignal;
  readonly log: ControlLog;
  readonly topics: readonly string[];
}

const TIMEOUT_MS = 10_000;
const CONFIRM_POLL_MS = 100;
const DEFAULT_CONFIRM_MS = 30_000;

/** Tells all members of a group what to do about a tenant, and waits until every partition's commit says it is done. */
export class GroupControls {
  readonly #parts: GroupControlsParts;
  readonly #redrive: GroupRedrive;

  constructor(parts: GroupControlsParts) {
    this.#parts = parts;
    this.#redrive = new GroupRedrive(parts);
  }

  async pause(tenantId: TenantId, paused: boolean, options: ControlOptions): Promise<void> {
    await this.#tell({ kind: 'pause', tenantId, paused }, options);
  }

  async replay(tenantId: TenantId, { from, until }: ReplayRange, options: ControlOptions): Promise<void> {
    const { topics } = this.#parts;
    await this.#assertRead(from, topics);
    await this.#assertRead(until, topics);
    const partitions = await this.#moves(topics, async (place, low, high) => {
      const first = await this.#offsetOf(place, from, high);
      const last = until === undefined ? high : await this.#offsetOf(place, until, high);
      if (first === undefined || last === undefined || first >= last) return undefined;
      return { from: Math.max(first, low), until: Math.min(last, high) };
    });
    await this.#move({ kind: 'replay', tenantId, partitions }, options);
  }

  async skip(tenantId: TenantId, to: MoveTarget | 'end', options: ControlOptions): Promise<void> {
    const { topics } = this.#parts;
    // By name, what a redrive has begun can be passed over too.
    const named = to === 'end' || to instanceof Date ? topics : this.#allTopics;
    if (to !== 'end') await this.#assertRead(to, named);
    const partitions = await this.#moves(named, async (place, _low, high) => {
      const until = to === 'end' ? high : await this.#offsetOf(place, to, high);
      return until === undefined ? undefined : { until: Math.min(until, high) };
    });
    await this.#move({ kind: 'skip', tenantId, partitions }, options);
  }

  async redrive(tenantId: TenantId, options: RedriveOptions): Promise<RedriveReport> {
    const { log, redrives, stopped } = this.#parts;
    // What it does not know of would seem to be nobody's yet.
    if (!(await log.isLoadedWithin(options.timeoutMs ?? DEFAULT_CONFIRM_MS))) {
      throw tenantryError('BROKER_UNREACHABLE', "the group's control topic cannot be read now");
    }
    const signal = AbortSignal.any([stopped, ...(options.signal === undefined ? [] : [options.signal])]);
    const { control, report } = await this.#redrive.plan(tenantId, { ...options, signal }).catch((error: unknown) => {
      throw stopped.aborted ? notRunning() : error;
    });
    if (options.dryRun === true || control.partitions.size === 0) return report;
    const offset = await this.#tell(control, options);
    if (!redrives.hasCounted(tenantId, offset)) throw underWay(tenantId, []);
    return report;
  }

  async skipUnreadable({ topic, partition, from, to }: UnreadableOffsets, options: ControlOptions): Promise<void> {
    await this.#assertRead([{ topic, partition }], this.#allTopics);
    await this.#tell({ kind: 'unreadable', topic, partition, from, until: to }, options);
  }

  async #move(control: Extract<Control, { partitions: unknown }>, options: ControlOptions): Promise<void> {
    if (control.partitions.size > 0) await this.#tell(control, options);
  }

  /** @returns the offset at which it was told */
  async #tell(control: Control, { signal, timeoutMs = DEFAULT_CONFIRM_MS }: ControlOptions): Promise<number> {
    const { clock, stopped } = this.#parts;
    const signals = signal === undefined ? [] : [signal];
    // A stop does not end the wait for the broker's word: what was told then is known to be told.
    const toWrite = new Patience(clock, timeoutMs, signals);
    const toConfirm = new Patience(clock, timeoutMs, [stopped, ...signals]);
    // Some of the time is kept for the writing.
    const toBegin = new Patience(clock, timeoutMs * 0.9, [stopped, ...signals]);
    try {
      // A partition that is opened for the first time takes what was told before for long past.
      if ('partitions' in control) await this.#until(() => this.#haveBegun(control.partitions), toBegin);
      return await this.#write(control, toWrite, toConfirm, signal);
    } finally {
      for (const patience of [toWrite, toConfirm, toBegin]) patience.end();
    }
  }

  /** @returns the offset at which it was told */
  async #write(
    control: Control,
    toWrite: Patience,
    toConfirm: Patience,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { consumer, log, stopped } = this.#parts;
    if (stopped.aborted) throw notRunning();
    const isAborted = (): boolean => signal?.aborted === true;
    if (isAborted()) throw tenantryError('ABORTED', 'the call was aborted: nothing was told to the group');
    const offset = await toWrite.with(log.write(control));
    if (offset === undefined) {
      if (!isAborted()) throw perhapsWritten('the broker has not answered');
      throw tenantryError('ABORTED', 'the call was aborted while the group was told: it may be in force');
    }
    const confirmation = new Confirmation(consumer, this.#allTopics, offset);
    const isConfirmed = async (): Promise<boolean> => {
      const waiting = await confirmation.look();
      return waiting.length === 0 && log.position > offset;
    };
    if (await this.#until(isConfirmed, toConfirm)) return offset;
    if (isAborted()) throw tenantryError('ABORTED', 'the wait for the members of the group was aborted');
    throw confirmation.error;
  }

  /** @returns false where the patience ended before */
  async #until(isSo: () => Promise<boolean>, patience: Patience): Promise<boolean> {
    for (;;) {
      // A look-up that fails tells nothing; the next one may.
      if ((await patience.with(isSo().catch(() => false))) === true) return true;
      if (patience.isOver) return false;
      await patience.with(delay(this.#parts.clock, CONFIRM_POLL_MS));
    }
  }

  /** Whether the group has said of each of these partitions up to where it obeys. */
  async #haveBegun(partitions: ReadonlyMap<string, Move>): Promise<boolean> {
    const silent = await new Confirmation(this.#parts.consumer, this.#allTopics, -1).look();
    return !silent.some((place) => partitions.has(placeName(place)));
  }

  /** All that the group reads, its dead letters too. */
  get #allTopics(): readonly string[] {
    const { topics, deadLetterTopics } = this.#parts;
    return [...topics, ...deadLetterTopics.values()];
  }

  /** A place that the group does not read is a mistake, not nothing to do. */
  async #assertRead(target: Date | readonly TopicPartition[] | undefined, topics: readonly string[]): Promise<void> {
    if (target === undefined || target instanceof Date) return;
    const strange = target.filter(({ topic }) => !topics.includes(topic)).map(({ topic }) => topic);
    if (strange.length > 0) throw notRead(strange);
    for (const topic of new Set(target.map((place) => place.topic))) {
      const count = await this.#parts.consumer.partitionCount(topic, TIMEOUT_MS);
      const missing = target.find((place) => place.topic === topic && place.partition >= count);
      if (missing !== undefined) throw noPartition(missing, count);
    }
  }

  async #moves(
    topics: readonly string[],
    moveIn: (place: TopicPartition, low: number, high: number) => Promise<Move | undefined>,
  ): Promise<ReadonlyMap<string, Move>> {
    const { consumer } = this.#parts;
    const moves = new Map<string, Move>();
    for (const place of await placesOfAll(topics, consumer, TIMEOUT_MS)) {
      const { lowOffset, highOffset } = await consumer.logRange(place, TIMEOUT_MS);
      const move = await moveIn(place, lowOffset, highOffset);
      if (move !== undefined) moves.set(placeName(place), move);
    }
    return moves;
  }

  /** @returns undefined where nothing is said about this partition */
  async #offsetOf(place: TopicPartition, target: MoveTarget, high: number): Promise<number | undefined> {
    if (target instanceof Date) {
      if (!this.#parts.consumer.findsTimes) {
        throw tenantryError('INVALID_STATE', 'a broker in the process finds no offsets by time: give offsets instead');
      }
      return (await this.#parts.consumer.offsetForTime(place, target.getTime(), TIMEOUT_MS)) ?? high;
    }
    return target.find(({ topic, partition }) => topic === place.topic && partition === place.partition)?.offset;
  }
}
