import { delay, type Clock } from '../../core/clock.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { PartitionReader, ReaderListener } from '../../transport/port.js';

/** What a renewed reader stands on. */
export interface RenewedReaderParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly createReader: () => PartitionReader;
  /** Told of the present client only. */
  readonly listener: ReaderListener;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** How long the end of a client that has died is waited for. */
const DISCONNECT_MS = 5_000;

/** A reader whose client is made anew where it has died: at once little by little, then once a minute. */
export class RenewedReader {
  readonly #parts: RenewedReaderParts;
  readonly #ended = new AbortController();
  #client: PartitionReader | undefined;
  #fault: string | undefined;
  /** Clients that have failed since one has last brought something. */
  #failures = 0;

  constructor(parts: RenewedReaderParts) {
    this.#parts = parts;
  }

  /** Why nothing can be read at present; undefined where it can, or nobody has asked yet. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * The client, connected. Another one than before reads nothing until it is told to.
   *
   * @returns undefined after `end`
   */
  async client(): Promise<PartitionReader | undefined> {
    const { clock, createReader } = this.#parts;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      if (this.#client !== undefined) {
        if (this.#fault === undefined) return this.#client;
        await this.#client.disconnect(DISCONNECT_MS);
        this.#client = undefined;
        await delay(clock, Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS), signal);
        continue;
      }
      const client = createReader();
      this.#client = client;
      try {
        await client.connect(this.#listenerOf(client));
        this.#fault = undefined;
      } catch (error) {
        this.fail((error as Error).message);
      }
    }
    return undefined;
  }

  /** The client is of no use any more. */
  fail(reason: string): void {
    this.#parts.telemetry.log('catchUpFailed', { reason });
    this.#fault = reason;
    this.#failures += 1;
  }

  /** The client has brought something: should it die, the next one is made soon. */
  succeed(): void {
    this.#failures = 0;
  }

  /** No client is made any more. */
  end(): void {
    this.#ended.abort();
  }

  async disconnect(timeoutMs: number): Promise<void> {
    await this.#client?.disconnect(timeoutMs);
  }

  #listenerOf(client: PartitionReader): ReaderListener {
    const { listener } = this.#parts;
    const isPresent = (): boolean => this.#client === client && this.#fault === undefined;
    return {
      onReadable: () => {
        if (isPresent()) listener.onReadable();
      },
      onEnd: (place, offset) => {
        if (isPresent()) listener.onEnd(place, offset);
      },
      onError: (fault) => {
        if (!isPresent()) return;
        if (fault.kind === 'fatal') this.fail(fault.reason);
        listener.onError(fault);
      },
    };
  }
}
