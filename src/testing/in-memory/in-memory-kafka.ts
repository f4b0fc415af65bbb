import type { ClientOptions } from '../../client/client-options.js';
import { TenantKafka } from '../../client/tenant-kafka.js';
import { silentLogger } from '../../core/logger.js';
import { envelopeEncryption } from '../../encryption/encryption-options.js';
import { announceInProcessTransport } from '../../transport/create-transport.js';
import { MemoryCluster } from './memory-cluster.js';
import { memoryTransport } from './memory-transport.js';
import { testKeyring } from './test-keys.js';

/** Options of `InMemoryKafka`. */
export interface InMemoryKafkaOptions {
  /**
   * Whether a topic is there as soon as somebody asks for it. With false it has to be made with `admin.createTopics`,
   * as on a broker. Default true
   */
  readonly createsTopics?: boolean | undefined;
}

let made = 0;

/**
 * A Kafka in the memory of this process, without the native client: everything above the connection is the real thing,
 * and nothing goes over a network. It works in worker threads, and a client that names its address gets it.
 *
 * It keeps every record, knows no time-outs, no failures and no configuration of topics (nothing is compacted, nothing
 * expires), and other processes cannot reach it.
 */
export class InMemoryKafka implements AsyncDisposable {
  /** What a client takes as `brokers`. */
  readonly brokers: string[];
  readonly #withdraw: () => void;
  readonly #clients = new Set<TenantKafka>();

  constructor({ createsTopics = true }: InMemoryKafkaOptions = {}) {
    const cluster = new MemoryCluster(createsTopics);
    made += 1;
    // RFC 6761 keeps this domain from ever being somebody's.
    const broker = `in-memory-${made}.invalid:9092`;
    this.brokers = [broker];
    this.#withdraw = announceInProcessTransport(broker, ({ clock }) => memoryTransport(cluster, clock));
  }

  /**
   * A client of this Kafka, which `stop` stops.
   *
   * @param options - as of `TenantKafka`. Default: the client id `test`, no log, and for each tenant a key made of
   * its id, so that protected contracts need no configuration
   * @throws TenantryError `INVALID_OPTIONS`
   */
  client(options: Partial<Omit<ClientOptions, 'brokers'>> = {}): TenantKafka {
    const client = new TenantKafka({
      clientId: 'test',
      encryption: envelopeEncryption({ kms: testKeyring }),
      logger: silentLogger,
      ...options,
      brokers: this.brokers,
    });
    this.#clients.add(client);
    return client;
  }

  /** Stops the clients that it has made, and is no more to be had under its address. */
  async stop(): Promise<void> {
    this.#withdraw();
    await Promise.all([...this.#clients].map((client) => client.stop()));
    this.#clients.clear();
  }

  /** `stop()`, at the end of `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
