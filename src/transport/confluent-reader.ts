import type { ReceivedRecord } from '../record/wire-record.js';
import { readerConfig, type TransportContext } from './client-config.js';
import { ConsumerClient } from './consumer-client.js';
import type { Driver } from './driver-types.js';
import { codeOf, reasonOf, requestError } from './librdkafka-errors.js';
import type { ResolvedTransportOptions } from './options.js';
import { partitionKey } from './partition-key.js';
import type { PartitionReader, ReaderListener, ReaderOptions, StartPosition, TopicPartition } from './port.js';

/** The reader over the native client: one that never subscribes, so no group knows it. */
export class ConfluentReader implements PartitionReader {
  readonly #options: ResolvedTransportOptions;
  readonly #reader: ReaderOptions;
  readonly #context: TransportContext;
  readonly #loadDriver: () => Driver;
  readonly #client: ConsumerClient;
  readonly #reading = new Set<string>();

  constructor(
    options: ResolvedTransportOptions,
    reader: ReaderOptions,
    context: TransportContext,
    loadDriver: () => Driver,
  ) {
    this.#options = options;
    this.#reader = reader;
    this.#context = context;
    this.#loadDriver = loadDriver;
    this.#client = new ConsumerClient(context, options.connectTimeoutMs);
  }

  connect(listener: ReaderListener): Promise<void> {
    const config = readerConfig(this.#options, this.#reader, this.#context);
    return this.#client.connect(this.#loadDriver(), config, listener, () => Promise.resolve());
  }

  poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    return this.#client.poll(maxRecords, (partition) => this.#reading.has(partitionKey(partition)));
  }

  async read(position: StartPosition): Promise<void> {
    await this.#client.move(async () => {
      if (this.#reading.has(partitionKey(position))) {
        // Where the client cannot say whether it has moved, beginning anew settles it.
        const hasMoved = await this.#client.trySeek(position).catch(() => false);
        if (hasMoved || this.#client.isClosing) return;
        this.leave(position);
      }
      this.#begin(position);
    });
  }

  leave({ topic, partition }: TopicPartition): void {
    if (!this.#reading.delete(partitionKey({ topic, partition })) || this.#client.isClosing) return;
    const { native } = this.#client;
    change(`leaving ${topic}/${partition}`, () => native.incrementalUnassign([{ topic, partition }]));
  }

  disconnect(timeoutMs: number): Promise<void> {
    return this.#client.disconnect(timeoutMs);
  }

  #begin(position: StartPosition): void {
    const { native } = this.#client;
    change(`reading ${position.topic}/${position.partition}`, () => native.incrementalAssign([position]));
    this.#reading.add(partitionKey(position));
  }
}

function change(what: string, call: () => unknown): void {
  try {
    call();
  } catch (error) {
    throw requestError(what, codeOf(error), reasonOf(error));
  }
}
