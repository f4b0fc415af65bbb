import { createHash } from 'node:crypto';
import { decodeMetadata, logHash } from '../../src/consumer/ledger/commit-metadata.js';
import { fingerprintOf } from '../../src/consumer/ledger/record-owner.js';
import type { TopicPartition } from '../../src/transport/port.js';
import { Hidden, Whispered } from './engine-simulation-events.js';
import type { FakeGroupConsumer } from './fake-group-consumer.js';
import type { FakeKafka, KeptCommit } from './fake-kafka.js';
import type { FakeLog } from './fake-log.js';
import { eventRecord } from './records.js';

/** What a handler does with a try of a record. */
export type Outcome = 'return' | 'throw' | 'deadLetter' | 'retryAfter' | 'slow' | 'late' | 'never';

/** A record to write; a `gap` is an offset that holds nothing. */
export interface PlannedRecord {
  /** Which partition, counted through all topics. */
  readonly place: number;
  readonly kind: 'plain' | 'sealed' | 'erased' | 'violation' | 'other-type' | 'unknown-version' | 'gap';
  readonly tenant: 'acme' | 'globex';
  readonly key: number;
  /** One a try, over all processes; then it returns. */
  readonly outcomes: readonly Outcome[];
}

/**
 * Why a record need not be handled. `passed-over`: somebody has asked for it. `superseded`: compaction may have taken
 * it. `told-lost`: it is gone, and that was reported. `cut-off`: the log was cut before it. `hidden`: it was written
 * after a cut at an offset that had been read before, and no consumer that has not noticed the cut can know of it.
 */
type Excuse = 'passed-over' | 'superseded' | 'told-lost' | 'cut-off' | 'hidden';

/** A record that was written, and what has become of it. */
export interface Placed extends PlannedRecord {
  readonly id: string;
  readonly at: Place;
  readonly lane: string;
  readonly owner: string;
  /** Whether a handler or a copy is owed to it. */
  readonly owed: boolean;
  readonly excuses: Set<Excuse>;
  offset: number;
  tries: number;
  done: boolean;
}

/** That a log has ended before what was read of it, until somebody who has noticed has committed. */
interface Cut {
  /** The group has read no further than here. */
  readonly reach: number;
  /** The member that has told of it. */
  noticedBy: string | undefined;
}

/** A partition with what was written to it. */
export interface Place extends TopicPartition {
  readonly name: string;
  /** By offset, also those that retention has taken. */
  records: Placed[];
  /** Unfinished records before which the log was cut, and of which a commit tells: their loss has to be told. */
  readonly owedTales: Set<Placed>;
  cut: Cut | undefined;
  /** Whether records were compacted away: where the newest that was read is one of them, its log looks cut. */
  isCompacted: boolean;
  /** Whether what is committed beside the offset belongs to something else. */
  isForeign: boolean;
  watermark: number;
}

/** What the records of a simulation are written for. */
export interface LogsWorld {
  readonly topics: number;
  readonly partitions: number;
  /** The consumer is one tenant's, not a worker. */
  readonly scoped: boolean;
}

const TOPICS = ['notes', 'states'];

/** The logs of a simulation: what is written to them and lost from them, and what the group owes to each record. */
export class SimulatedLogs {
  readonly places: readonly Place[];
  /** Whether watermarks may go back. */
  hasReplays = false;
  readonly #kafka: FakeKafka;
  readonly #groupId: string;
  readonly #scoped: boolean;
  readonly #wrong: (what: string) => void;
  readonly #byId = new Map<string, Placed>();
  readonly #byHash = new Map<string, Placed>();
  readonly #skips: { readonly tenant: string; readonly offset: number }[] = [];

  constructor(kafka: FakeKafka, groupId: string, world: LogsWorld, wrong: (what: string) => void) {
    this.#kafka = kafka;
    this.#groupId = groupId;
    this.#scoped = world.scoped;
    this.#wrong = wrong;
    this.places = Array.from({ length: world.topics * world.partitions }, (_, index) => {
      const topic = TOPICS[Math.floor(index / world.partitions)] ?? '';
      const partition = index % world.partitions;
      const name = `${topic}/${partition}`;
      return {
        topic,
        partition,
        name,
        records: [],
        owedTales: new Set(),
        cut: undefined,
        isCompacted: false,
        isForeign: false,
        watermark: 0,
      };
    });
  }

  /** Every record that is in a log, or was taken by retention. */
  get records(): Placed[] {
    return this.places.flatMap(({ records }) => records);
  }

  /** The record of an event. */
  find(eventId: string): Placed | undefined {
    return this.#byId.get(eventId);
  }

  /** The record that a pointer in a dead-letter topic is about. */
  withHash(pointer: string): Placed | undefined {
    const { valueSha256 } = JSON.parse(pointer) as { readonly valueSha256: string };
    return this.#byHash.get(valueSha256);
  }

  logOf({ topic, partition }: TopicPartition): FakeLog {
    return this.#kafka.log(topic, partition);
  }

  write(record: PlannedRecord): void {
    const place = this.#place(record.place);
    const log = this.logOf(place);
    if (record.kind === 'gap') {
      this.writeNothing(record.place, 1);
      return;
    }
    const { tenant, key, kind } = record;
    const foreign = this.#scoped && tenant !== 'acme' && kind !== 'violation';
    const owner = kind === 'violation' ? 'stranger' : tenant;
    const offset = log.range.highOffset;
    const placed: Placed = {
      ...record,
      id: `r${this.#byId.size}`,
      at: place,
      offset,
      lane: `${place.name}:${owner}:k${key}`,
      owner,
      owed: !foreign && kind !== 'other-type',
      excuses: new Set(),
      tries: 0,
      done: false,
    };
    // A skip that is not confirmed yet may reach what is written after it was asked for.
    if (this.#skips.some((skip) => skip.tenant === owner && offset < skip.offset)) placed.excuses.add('passed-over');
    if (place.cut !== undefined && offset < place.cut.reach) placed.excuses.add('hidden');
    place.records.push(placed);
    const value =
      (kind === 'sealed' || kind === 'erased' ? 'sealed:' : '') + JSON.stringify({ id: `k${key}`, note: placed.id });
    this.#byId.set(placed.id, placed);
    this.#byHash.set(createHash('sha256').update(value).digest('hex'), placed);
    const sealed = place.topic === 'notes' ? Whispered : Hidden;
    const types = {
      'other-type': `${place.topic}.other.v1`,
      'unknown-version': `${place.topic}.noted.v9`,
      sealed: sealed.eventType,
      erased: sealed.eventType,
    };
    this.#kafka.append(
      eventRecord({
        topic: place.topic,
        partition: place.partition,
        tenant,
        aggregate: `k${key}`,
        eventId: placed.id,
        eventType: kind in types ? types[kind as keyof typeof types] : `${place.topic}.noted.v1`,
        value: Buffer.from(value),
        ...(kind === 'violation' && { key: Buffer.from(`stranger:k${key}`) }),
      }),
    );
    this.#writeOver(place);
  }

  /** Offsets that hold nothing: an aborted transaction, or the end of a good one. */
  writeNothing(at: number, offsets: number): void {
    const place = this.#place(at);
    this.logOf(place).skip(offsets);
    this.#writeOver(place);
  }

  /** Retention leaves only the last offsets. */
  retain(at: number, offsets: number): void {
    const place = this.#place(at);
    const log = this.logOf(place);
    const { lowOffset, highOffset } = log.range;
    const end = Math.max(lowOffset, highOffset - offsets);
    log.dropBelow(end);
    // A group that has not begun yet has missed nothing.
    if (this.#committed(place) !== undefined) return;
    for (const { offset, excuses } of place.records) if (offset < end) excuses.add('passed-over');
  }

  /** Compaction leaves only the last record of each key. */
  compact(at: number): void {
    const place = this.#place(at);
    const last = new Map(place.records.map((placed) => [placed.lane, placed]));
    const gone = place.records.filter((placed) => last.get(placed.lane) !== placed);
    for (const { excuses } of gone) excuses.add('superseded');
    if (gone.length > 0) place.isCompacted = true;
    const offsets = new Set(gone.map(({ offset }) => offset));
    this.logOf(place).compact((offset) => offsets.has(offset));
  }

  /** The log ends earlier by some offsets, as after the election of a replica that lagged. */
  cut(at: number, offsets: number): void {
    const place = this.#place(at);
    const log = this.logOf(place);
    const { lowOffset, highOffset } = log.range;
    const end = Math.max(lowOffset, highOffset - offsets);
    if (end === highOffset) return;
    const committedHead = this.#committedHead(place);
    const members = [...this.#kafka.group(this.#groupId).members];
    const read = members.map((member) => member.position(place) ?? 0);
    const reach = Math.max(place.cut?.reach ?? 0, Math.min(highOffset, Math.max(committedHead, ...read)));
    // Who has begun again before this cut has not read what is cut off now.
    const { noticedBy } = place.cut ?? {};
    const isAsBefore = (members.find(({ name }) => name === noticedBy)?.position(place) ?? end + 1) <= end;
    log.truncate(end);
    log.leaderEpoch += 1;
    for (const placed of place.records.filter(({ offset }) => offset >= end)) {
      if (isDue(placed) && placed.offset < committedHead) place.owedTales.add(placed);
      placed.excuses.add('cut-off');
    }
    place.records = place.records.filter(({ offset }) => offset < end);
    // What was noticed before is not committed yet.
    if (reach > end || place.cut !== undefined) place.cut = { reach, noticedBy: isAsBefore ? noticedBy : undefined };
  }

  /** Somebody has asked for a tenant's records below an offset to be passed over. */
  passOver(tenant: string, below: number): void {
    for (const placed of this.records) {
      if (placed.owner === tenant && placed.offset < below) placed.excuses.add('passed-over');
    }
    this.#skips.push({ tenant, offset: below });
  }

  /** What the group knows of a partition is only an offset from now on: everything from there on is owed again. */
  beginAt(place: Place, offset: number): void {
    for (const placed of place.records) {
      if (placed.offset < offset && (isDue(placed) || placed.excuses.has('hidden'))) placed.excuses.add('passed-over');
      if (placed.offset >= offset) placed.done = false;
      placed.excuses.delete('hidden');
    }
    place.owedTales.clear();
    place.cut = undefined;
    place.isForeign = false;
    place.watermark = 0;
  }

  /** A member tells that records are lost. */
  toldLost(member: string, topic: string, partition: number, from: number, to: number): void {
    const place = this.#named(topic, partition);
    if (place === undefined) return;
    const { lowOffset } = this.logOf(place).range;
    const isCut = to > lowOffset;
    if (isCut && place.isCompacted) place.cut ??= { reach: to, noticedBy: undefined };
    if (isCut && place.cut === undefined) this.#wrong(`${place.name}: ${from}-${to} told lost, and it was not cut`);
    if (isCut && place.cut !== undefined) place.cut.noticedBy = member;
    for (const placed of place.records) {
      if (placed.offset >= from && placed.offset < Math.min(to, lowOffset)) placed.excuses.add('told-lost');
    }
    for (const placed of place.owedTales) {
      if (placed.offset >= from && placed.offset < to) place.owedTales.delete(placed);
    }
  }

  /** A member has given partitions back: what it has noticed is not committed any more. */
  gaveBack(member: FakeGroupConsumer): void {
    for (const place of this.places) {
      if (place.cut?.noticedBy === member.name && member.position(place) === undefined) place.cut.noticedBy = undefined;
    }
  }

  /** A member does not believe what is committed beside an offset. */
  ignored(topic: string, partition: number): void {
    const place = this.#named(topic, partition);
    if (place?.isForeign === false && place.cut === undefined) this.#wrong(`${place.name}: good metadata is ignored`);
  }

  /** Nothing unfinished may be below the watermark, or be left out by the metadata. */
  checkCommit({ topic, partition, offset: watermark, metadata, member }: KeptCommit): void {
    const place = this.#named(topic, partition);
    if (place === undefined) return;
    const told = this.#decode(place, watermark, metadata);
    if (told === undefined && metadata !== '') this.#wrong('metadata that cannot be read');
    const head = told?.head ?? watermark;
    place.isForeign = false;
    if (place.cut?.noticedBy === member) this.#settle(place);
    for (const placed of place.owedTales) if (placed.offset >= head) place.owedTales.delete(placed);
    const end = Math.max(this.logOf(place).range.highOffset, place.cut?.reach ?? 0);
    const name = `commit of ${place.name} at ${watermark}`;
    if (head > end) this.#wrong(`${name}: beyond the log`);
    if (watermark < place.watermark && !this.hasReplays && place.cut === undefined) this.#wrong(`${name}: goes back`);
    place.watermark = watermark;
    for (const placed of place.records) {
      const { offset, owner } = placed;
      if (!isDue(placed) || offset >= head) continue;
      const isTaken = told?.taken.some(({ start, length }) => offset >= start && offset < start + length) ?? false;
      const print = fingerprintOf(owner);
      const waits = told?.cursors.some((cursor) => cursor.fingerprint === print && cursor.offset <= offset) ?? false;
      if (offset < watermark || !(isTaken || waits)) this.#wrong(`${name}: passes over ${offset}`);
    }
  }

  /** Whether everything is committed up to the ends of the logs, and every loss is told. */
  get isFinished(): boolean {
    return this.places.every((place) => {
      const isTold = [...place.owedTales].every(({ done }) => done);
      return isTold && this.#committed(place) === this.logOf(place).range.highOffset;
    });
  }

  /** What is wrong at the end. */
  checkEnd(): void {
    for (const placed of this.records.filter(isDue)) {
      const isGone = placed.offset < this.logOf(placed.at).range.lowOffset;
      this.#wrong(`${placed.at.name}@${placed.offset} was never finished${isGone ? ', and is lost in silence' : ''}`);
    }
    for (const place of this.places) {
      const { lowOffset, highOffset } = this.logOf(place).range;
      for (const { offset, done } of place.owedTales) {
        if (!done) this.#wrong(`${place.name}@${offset} was cut off, and is lost in silence`);
      }
      const committed = this.#committed(place);
      if (committed !== highOffset)
        this.#wrong(`${place.name}: ${committed} is committed of ${lowOffset}-${highOffset}`);
    }
  }

  /** Who has noticed a cut reads the log from its beginning, and has committed that now. */
  #settle(place: Place): void {
    place.cut = undefined;
    place.watermark = 0;
    const { lowOffset } = this.logOf(place).range;
    for (const { offset, excuses } of place.records) if (offset >= lowOffset) excuses.delete('hidden');
  }

  /** What was written over since a cut leaves no trace: nobody can tell that it was lost. */
  #writeOver(place: Place): void {
    const { highOffset } = this.logOf(place).range;
    for (const placed of place.owedTales) if (placed.offset < highOffset) place.owedTales.delete(placed);
  }

  #committedHead(place: Place): number {
    const { offset = 0, metadata } = this.#kafka.group(this.#groupId).committed(place);
    return this.#decode(place, offset, metadata)?.head ?? offset;
  }

  #committed(place: Place): number | undefined {
    return this.#kafka.group(this.#groupId).committed(place).offset;
  }

  #decode(place: Place, watermark: number, metadata: string): ReturnType<typeof decodeMetadata> {
    return decodeMetadata(metadata, watermark, logHash(this.#kafka.logIdentity(place)));
  }

  #place(at: number): Place {
    const place = this.places[at % this.places.length];
    if (place === undefined) throw new Error('a world without places');
    return place;
  }

  /** A group reads topics beside those that are written to here, such as its own dead letters. */
  #named(topic: string, partition: number): Place | undefined {
    return this.places.find((one) => one.topic === topic && one.partition === partition);
  }
}

/** Whether something has to become of a record yet. */
export function isDue({ owed, done, excuses }: Placed): boolean {
  return owed && !done && excuses.size === 0;
}
