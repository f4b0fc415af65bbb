import { delay, type Clock } from '../../core/clock.js';
import { deferred } from '../../core/deferred.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type {
  DeliveryFailure,
  LogRange,
  PartitionReader,
  RecordProducer,
  TopicPartition,
} from '../../transport/port.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import { Rest } from '../../core/rest.js';
import { within } from '../../core/within.js';
import { notWritten, perhapsWritten } from './control-errors.js';
import { decodeControl, encodeControl, type Control } from './control-record.js';

/** What the control log stands on, and tells. */
export interface ControlLogParts {
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log'>;
  readonly topic: string;
  readonly createReader: () => PartitionReader;
  readonly logRange: (partition: TopicPartition) => Promise<LogRange>;
  readonly producer: RecordProducer;
  /** A control was read, at this offset. */
  readonly onControl: (control: Control, offset: number) => void;
  /** The topic was made anew, or cut: its offsets begin again. */
  readonly onRemade: () => void;
  /** Everything below this offset was read. */
  readonly onPosition: (offset: number) => void;
}

const CHUNK_RECORDS = 500;
const POLL_MS = 500;
const RETRY_MS = 1_000;

/**
 * A group's control topic: what was said about its tenants, kept by the broker, read by every member from the beginning
 * and for as long as it runs.
 */
export class ControlLog {
  readonly #parts: ControlLogParts;
  readonly #place: TopicPartition;
  /** Settled once it is loaded, or stopped. */
  readonly #loaded = deferred<undefined>();
  readonly #stopped = new AbortController();
  /** The next offset to read. */
  #position = 0;
  /** Where the last poll has found the end of the topic. */
  readonly #ends: number[] = [];
  #isLoaded = false;
  #loop: Promise<void> | undefined;
  readonly #rest: Rest;
  #mustBeginAnew = false;
  #fault: string | undefined;

  constructor(parts: ControlLogParts) {
    this.#parts = parts;
    this.#place = { topic: parts.topic, partition: 0 };
    this.#rest = new Rest(parts.clock);
  }

  /** Whether everything that was in the topic at the start is read, or will be in this time. */
  async isLoadedWithin(ms: number): Promise<boolean> {
    if (!this.#isLoaded) await within(this.#parts.clock, ms, this.#loaded.promise);
    return this.#isLoaded;
  }

  /** Why the topic cannot be read at present; undefined where it can. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** All below this offset was read. */
  get position(): number {
    return this.#position;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#stopped.abort();
    this.#rest.end();
    this.#loaded.resolve(undefined);
    if (this.#loop !== undefined) await within(this.#parts.clock, timeoutMs, this.#loop);
  }

  /**
   * Whether this member has read all that a partition's last owner had obeyed. Where that lies beyond the topic's end,
   * the topic was made anew, and it says nothing.
   */
  async isAsFarAs(session: PartitionSession): Promise<boolean> {
    const { controlOffset } = session;
    if (controlOffset === undefined || controlOffset <= this.#position) return true;
    const { highOffset } = await this.#parts.logRange(this.#place);
    if (controlOffset <= highOffset) return false;
    session.forgetControl();
    return true;
  }

  /**
   * Writes a control for all members.
   *
   * @returns its offset, or a later one where it is not known
   * @throws TenantryError `PUBLISH_FAILED`; `CONTROL_UNCONFIRMED` where it may be written all the same
   */
  async write(control: Control): Promise<number> {
    const written = deferred<number>();
    const { producer, topic } = this.#parts;
    await producer.partitionCount(topic);
    const isTaken = producer.produce(encodeControl(topic, control), (delivery) => {
      if (delivery.failure === undefined) written.resolve(delivery.offset);
      else written.reject(asError(delivery.failure));
    });
    if (!isTaken) throw notWritten('the client queue is full');
    const offset = await written.promise;
    // Where nobody tells its offset, it is below the end.
    return offset >= 0 ? offset : (await this.#parts.logRange(this.#place)).highOffset - 1;
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopped;
    while (this.#goesOn()) {
      const reader = this.#parts.createReader();
      try {
        await this.#read(reader);
      } catch (error) {
        this.#fail((error as Error).message);
      }
      await reader.disconnect(RETRY_MS);
      this.#mustBeginAnew = false;
      await delay(clock, RETRY_MS, signal);
    }
  }

  async #read(reader: PartitionReader): Promise<void> {
    const { logRange, telemetry } = this.#parts;
    await reader.connect({
      onReadable: () => this.#rest.end(),
      onEnd: (_, offset) => {
        this.#ends.push(offset);
      },
      onError: ({ reason }) => {
        this.#fail(reason);
        this.#mustBeginAnew = true;
        this.#rest.end();
      },
    });
    const { lowOffset, highOffset } = await logRange(this.#place);
    if (this.#position > highOffset) {
      telemetry.log('controlRemade', { topic: this.#place.topic, offset: this.#position });
      this.#position = 0;
      this.#parts.onRemade();
    }
    await reader.read({ ...this.#place, offset: Math.max(this.#position, lowOffset), leaderEpoch: undefined });
    while (this.#goesOn()) {
      this.#ends.length = 0;
      const records = await reader.poll(CHUNK_RECORDS);
      for (const record of records) this.#take(record);
      const endOffset = this.#ends.at(-1);
      if (endOffset !== undefined) this.#reached(endOffset);
      if (records.length === 0) await this.#rest.take(POLL_MS);
    }
  }

  #goesOn(): boolean {
    return !this.#stopped.signal.aborted && !this.#mustBeginAnew;
  }

  #take(record: ReceivedRecord): void {
    const { telemetry, onControl, onPosition } = this.#parts;
    this.#position = record.offset + 1;
    this.#fault = undefined;
    const control = decodeControl(record);
    if (control !== undefined) onControl(control, record.offset);
    else telemetry.log('controlIgnored', { topic: record.topic, offset: record.offset });
    onPosition(this.#position);
  }

  #fail(reason: string): void {
    this.#fault = reason;
    this.#parts.telemetry.log('controlFailed', { topic: this.#place.topic, reason });
  }

  #reached(endOffset: number): void {
    this.#fault = undefined;
    this.#position = Math.max(this.#position, endOffset);
    this.#isLoaded = true;
    this.#loaded.resolve(undefined);
    this.#parts.onPosition(this.#position);
  }
}

function asError({ kind, reason }: DeliveryFailure): Error {
  return kind === 'unknown' ? perhapsWritten(reason) : notWritten(reason);
}
