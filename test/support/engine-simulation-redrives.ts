import type { DeliveredRecord } from '../../src/api/handler.js';
import type { RedriveOptions, RedriveReport } from '../../src/api/worker.js';
import { isTenantryError } from '../../src/core/errors.js';
import { decodeControl } from '../../src/consumer/control/control-record.js';
import { decodeMetadata, logHash } from '../../src/consumer/ledger/commit-metadata.js';
import { fingerprintOf } from '../../src/consumer/ledger/record-owner.js';
import type { OutgoingRecord } from '../../src/record/wire-record.js';
import { controlTopic, deadLetterTopic } from '../../src/routing/naming.js';
import type { CommittedPosition, TopicPartition } from '../../src/transport/port.js';
import type { ConsumerProcess } from './consume-harness.js';
import type { Placed } from './engine-simulation-logs.js';
import type { FakeGroupConsumer } from './fake-group-consumer.js';
import type { FakeKafka } from './fake-kafka.js';

/** Which dead letters of a tenant are asked for. `older`: those that failed more than 100 ms ago. */
export type RedriveFilter = 'all' | 'failed' | 'given-up' | 'noted' | 'sealed' | 'notes' | 'older';

/** That the group is asked to handle a tenant's dead letters again. */
export interface PlannedRedrive {
  readonly tenant: 'acme' | 'globex';
  /** Which process is asked; others are asked at once where there is more than one filter. */
  readonly index: number;
  readonly filters: readonly RedriveFilter[];
}

/** A redrive that counts, with its offset in the control topic. */
interface Told {
  readonly tenant: string;
  readonly offset: number;
}

/** A copy in a dead-letter topic of the group. */
interface Letter {
  readonly name: string;
  readonly topic: string;
  readonly offset: number;
  readonly of: Placed;
  readonly code: string;
  readonly eventType: string;
  readonly failedAtMs: number;
  /** The one redrive that was for it. */
  redrive: Told | undefined;
  done: boolean;
}

/** A call of `redrive`. */
interface Call {
  readonly process: ConsumerProcess;
  readonly tenant: string;
  readonly options: RedriveOptions;
  /** How many letters there were when it was made: it has to be for all of them that it asks for. */
  readonly known: number;
  isTold: boolean;
  told: Told | undefined;
  isSettled: boolean;
}

/** A partition of dead letters while it is a member's, with those that it may not handle any more. */
interface Opened {
  /** Up to which offset of the control topic all was obeyed at least when that was so. */
  readonly finished: Map<Letter, number>;
}

/** The dead letters of a simulated group: which redrives are for them, and whether those keep their promises. */
export class SimulatedRedrives {
  readonly places: readonly TopicPartition[];
  readonly #kafka: FakeKafka;
  readonly #groupId: string;
  readonly #wrong: (what: string) => void;
  readonly #letters: Letter[] = [];
  readonly #calls: Call[] = [];
  readonly #told: Told[] = [];
  readonly #pauses: Told[] = [];
  readonly #opened = new Map<string, Opened>();

  constructor(kafka: FakeKafka, groupId: string, topics: readonly string[], wrong: (what: string) => void) {
    this.#kafka = kafka;
    this.#groupId = groupId;
    this.#wrong = wrong;
    this.places = topics.map((topic) => ({ topic: deadLetterTopic(groupId, topic), partition: 0 }));
  }

  /** Whether anybody has asked for one. */
  get isUsed(): boolean {
    return this.#calls.length > 0;
  }

  /** Whether a topic holds the group's dead letters. */
  has(topic: string): boolean {
    return this.places.some((place) => place.topic === topic);
  }

  /** Asks a process for a redrive. @returns whether the group has taken it on */
  async ask(process: ConsumerProcess, tenant: string, filter: RedriveFilter): Promise<boolean> {
    const options = this.#optionsOf(filter);
    const known = this.#letters.length;
    const call: Call = { process, tenant, options, known, isTold: false, told: undefined, isSettled: false };
    this.#calls.push(call);
    try {
      this.#checkReport(call, await process.consumer.redrive(tenant, options));
      return true;
    } catch (error) {
      if (isTenantryError(error, 'REDRIVE_UNDER_WAY') && call.told !== undefined)
        this.#wrong(`a redrive of ${tenant} is told and said to be another's`);
      return false;
    } finally {
      call.isSettled = true;
    }
  }

  /** Whether a process still answers to somebody who has asked it, of one tenant or of any. */
  isAsked(process: ConsumerProcess, tenant?: string): boolean {
    return this.#calls.some(
      (call) => call.process === process && call.tenant === (tenant ?? call.tenant) && !call.isSettled,
    );
  }

  /** The group has written a copy of a record among its dead letters. */
  wrote(
    { headers, timestampMs }: OutgoingRecord,
    place: TopicPartition & { readonly offset: number },
    of: Placed,
  ): void {
    const { topic, offset } = place;
    const name = `${topic}@${offset}`;
    const values = (wanted: string): string[] =>
      headers.filter((header) => header.name === wanted).map(({ value }) => value.toString());
    const [code = '', ...more] = values('dlq-code');
    const [eventType = ''] = values('event-type');
    if (more.length > 0) this.#wrong(`${name} is a copy of a copy`);
    if (values('dlq-topic')[0] !== of.at.topic || values('dlq-partition')[0] !== String(of.at.partition))
      this.#wrong(`${name} does not tell where ${of.at.name}@${of.offset} was`);
    const failedAtMs = timestampMs ?? 0;
    this.#letters.push({ name, topic, offset, of, code, eventType, failedAtMs, redrive: undefined, done: false });
  }

  /** The group was told something. */
  control(record: OutgoingRecord, offset: number): void {
    if (record.topic !== controlTopic(this.#groupId)) return;
    const control = decodeControl(record);
    if (control?.kind === 'pause' && control.paused) this.#pauses.push({ tenant: control.tenantId, offset });
    if (control?.kind !== 'redrive') return;
    const { tenantId: tenant, after, partitions } = control;
    const told = { tenant, offset };
    const call = this.#calls.find((asked) => {
      const isIts = asked.process.transport.producers.some(({ taken }) => taken.includes(record));
      return isIts && asked.tenant === tenant && !asked.isSettled;
    });
    if (call === undefined) {
      this.#wrong(`a redrive of ${tenant} that nobody has asked for`);
      return;
    }
    call.isTold = true;
    const last = this.#lastOf(tenant);
    // Of two that were told at once only the first counts.
    if (after !== (last?.offset ?? -1)) return;
    const open = this.#letters.find((letter) => letter.redrive === last && isDue(letter));
    if (open !== undefined) this.#wrong(`another redrive is told before ${open.name} is done`);
    call.told = told;
    this.#told.push(told);
    for (const [index, letter] of this.#letters.entries()) {
      if (!this.#isAskedFor(letter, call)) continue;
      const range = partitions.get(`${letter.topic}/0`);
      const isIn = letter.offset >= (range?.from ?? Infinity) && letter.offset < (range?.until ?? 0);
      if (isIn) letter.redrive = told;
      else if (index < call.known) this.#wrong(`${letter.name} is left out by a redrive`);
    }
  }

  /** A member begins to read a partition: what its commit tells as done has to stay so. */
  opened(member: FakeGroupConsumer, place: TopicPartition): void {
    if (!this.has(place.topic)) return;
    const { controlOffset = -1, isDone } = this.#progress(this.#kafka.group(this.#groupId).committed(place));
    const done = this.#letters.filter((letter) => letter.topic === place.topic && letter.done && isDone(letter));
    const finished = new Map(done.map((letter) => [letter, controlOffset]));
    this.#opened.set(`${member.name} ${place.topic}`, { finished });
  }

  /**
   * A handler is given a dead letter.
   *
   * @returns what to do once it has returned
   */
  begun(member: FakeGroupConsumer, { topic, offset }: DeliveredRecord, of: Placed): () => void {
    const letter = this.#at(topic, offset);
    const opened = this.#opened.get(`${member.name} ${topic}`);
    if (letter?.of !== of || opened === undefined) {
      this.#wrong(`${topic}@${offset} is handled, and is no dead letter of ${of.id}`);
      return () => undefined;
    }
    if (letter.redrive === undefined) this.#wrong(`${letter.name} is handled, and no redrive was for it`);
    const obeyed = opened.finished.get(letter);
    // What was done before a pause, behind something that was not, is handled again.
    if (obeyed !== undefined && !this.#pauses.some((pause) => pause.tenant === of.tenant && pause.offset >= obeyed))
      this.#wrong(`${letter.name} is handled again though it was done`);
    return () => {
      letter.done = true;
      const { controlOffset = -1 } = this.#progress(
        this.#kafka.group(this.#groupId).committed({ topic, partition: 0 }),
      );
      opened.finished.set(letter, controlOffset);
    };
  }

  /** What had failed again is a new dead letter, and the broker has it. */
  copied(topic: string, offset: number): void {
    const letter = this.#at(topic, offset);
    if (letter !== undefined) letter.done = true;
  }

  /** A commit that says that a redrive was obeyed may not say that what is due of it is done. */
  checkCommit(commit: CommittedPosition): void {
    if (!this.has(commit.topic)) return;
    const { isDone } = this.#progress(commit);
    for (const letter of this.#letters) {
      if (letter.topic === commit.topic && isDue(letter) && isDone(letter))
        this.#wrong(`commit of ${commit.topic} at ${commit.offset}: passes over ${letter.offset}`);
    }
  }

  /** Whether all that redrives were for is done, and committed. */
  get isFinished(): boolean {
    return !this.#letters.some(isDue) && this.places.every((place) => this.#isCommitted(place));
  }

  /** What is wrong at the end. */
  checkEnd(): void {
    for (const letter of this.#letters.filter(isDue)) this.#wrong(`${letter.name} was to be redriven, and was not`);
    for (const place of this.places) {
      if (!this.#isCommitted(place)) this.#wrong(`${place.topic} is not committed up to its end`);
    }
  }

  #checkReport(call: Call, { matched }: RedriveReport): void {
    if (call.told !== undefined) {
      const meant = this.#letters.filter(({ redrive }) => redrive === call.told).length;
      if (meant !== matched) this.#wrong(`a redrive says that it is for ${matched}, and is for ${meant}`);
    } else if (call.isTold) {
      this.#wrong('a redrive says that it was taken on, and was not');
    } else {
      const missed = this.#letters.slice(0, call.known).find((letter) => this.#isAskedFor(letter, call));
      if (missed !== undefined) this.#wrong(`a redrive does not find ${missed.name}`);
    }
  }

  #optionsOf(filter: RedriveFilter): RedriveOptions {
    switch (filter) {
      case 'all':
        return {};
      case 'failed':
        return { code: 'HANDLER_FAILED' };
      case 'given-up':
        return { code: ['DEAD_LETTERED', 'UNKNOWN_EVENT_VERSION'] };
      case 'noted':
        return { eventType: ['notes.noted.v1', 'states.noted'] };
      case 'sealed':
        return { eventType: 'notes.whispered' };
      case 'notes':
        return { topic: 'notes' };
      case 'older':
        return { failedUntil: new Date(this.#kafka.clock.nowMs() - 100) };
    }
  }

  /** Whether a call is for a letter, and no redrive before it was. */
  #isAskedFor({ of, code, eventType, failedAtMs, redrive }: Letter, { tenant, options }: Call): boolean {
    const codes = [options.code ?? code].flat();
    const types = [options.eventType ?? eventType].flat();
    return (
      redrive === undefined &&
      of.owner === tenant &&
      codes.includes(code) &&
      types.some((type) => eventType === type || eventType.startsWith(`${type}.v`)) &&
      (options.topic ?? of.at.topic) === of.at.topic &&
      failedAtMs < (options.failedUntil?.getTime() ?? Infinity)
    );
  }

  /** What a commit tells of the letters that redrives are for. */
  #progress({ topic, partition, offset, metadata }: CommittedPosition): {
    readonly controlOffset: number | undefined;
    readonly isDone: (letter: Letter) => boolean;
  } {
    const log = logHash(this.#kafka.logIdentity({ topic, partition }));
    const told = offset === undefined ? undefined : decodeMetadata(metadata, offset, log);
    return {
      controlOffset: told?.controlOffset,
      isDone: ({ of, offset: at, redrive }) => {
        if (offset === undefined || told === undefined || redrive === undefined) return false;
        if (redrive.offset >= (told.controlOffset ?? -1) || at >= told.head) return false;
        if (at < offset) return true;
        const print = fingerprintOf(of.owner);
        const waits = told.cursors.some((cursor) => cursor.fingerprint === print && cursor.offset <= at);
        return !waits && !told.taken.some(({ start, length }) => at >= start && at < start + length);
      },
    };
  }

  #isCommitted(place: TopicPartition): boolean {
    const { highOffset } = this.#kafka.log(place.topic, place.partition).range;
    return this.#kafka.group(this.#groupId).committed(place).offset === highOffset;
  }

  #at(topic: string, offset: number): Letter | undefined {
    return this.#letters.find((letter) => letter.topic === topic && letter.offset === offset);
  }

  #lastOf(tenant: string): Told | undefined {
    return this.#told.findLast((told) => told.tenant === tenant);
  }
}

/** Whether a letter has to be handled yet. */
function isDue({ redrive, done }: Letter): boolean {
  return redrive !== undefined && !done;
}
