import { deferred } from '../core/deferred.js';
import { tenantryError } from '../core/errors.js';
import type { DriverMetadata, DriverProducer } from '../transport/driver-types.js';
import { announceInProcessBrokers } from '../transport/in-process-brokers.js';
import { reasonOf } from '../transport/librdkafka-errors.js';
import { loadDriver } from '../transport/load-driver.js';

const START_TIMEOUT_MS = 10_000;
const MAX_BROKERS = 10;

/** Options of `EmbeddedKafka.start`. */
export interface EmbeddedKafkaOptions {
  /** How many brokers the cluster has, 1 to 10. Default 1. */
  readonly brokers?: number;
}

/**
 * A Kafka inside this process, for tests and demonstrations: librdkafka's mock cluster, listening on loopback
 * ports. Any client can connect to it, also from another process; it knows idempotent producers, consumer groups
 * of both protocols and transactions. It keeps everything in memory and forgets it with `stop()`.
 *
 * Its limits:
 * - Every topic gets 4 partitions and replication over all brokers, whatever was asked for, and no configuration.
 * - A partition keeps 5 MB; **older records are dropped in silence**. Do not run further ahead of a consumer.
 * - Topics are created by `kafka.admin.createTopics` in this process, or by a client of another process that
 *   allows topics to be created automatically. Other requests of administration clients time out, and describing
 *   consumer groups crashes the process.
 * - There is no security: no TLS, no credentials, no ACLs.
 * - A group of the classic protocol takes 3 s for its first assignment, and for each further one nearly its
 *   session time-out (45 s by default). The protocol `consumer`, the default of this library, takes none.
 */
export class EmbeddedKafka implements AsyncDisposable {
  /** The addresses of the brokers, each `host:port`. */
  readonly brokers: string[];
  readonly #host: DriverProducer;
  readonly #withdraw: () => void;
  #stopping: Promise<void> | undefined;

  private constructor(host: DriverProducer, brokers: string[]) {
    this.#host = host;
    this.brokers = brokers;
    this.#withdraw = announceInProcessBrokers(brokers, (topic) => this.#createTopic(topic));
  }

  /** Starts a cluster; it is ready when this resolves. Fails with `INVALID_OPTIONS`, `WORKER_THREAD` or `DRIVER_UNAVAILABLE`. */
  static async start({ brokers: count = 1 }: EmbeddedKafkaOptions = {}): Promise<EmbeddedKafka> {
    if (!Number.isInteger(count) || count < 1 || count > MAX_BROKERS) {
      const message = `must be 1 to ${MAX_BROKERS}`;
      throw tenantryError('INVALID_OPTIONS', `brokers ${message}`, { problems: [{ path: 'brokers', message }] });
    }
    const driver = loadDriver();
    // The bootstrap address is replaced by the mock cluster's, but there must be one.
    const host = new driver.Producer({ 'test.mock.num.brokers': count, 'bootstrap.servers': 'localhost:1' });
    const connected = deferred<DriverMetadata>();
    host.connect({ allTopics: false, timeout: START_TIMEOUT_MS }, (error, metadata) => {
      if (error) connected.reject(hostError('starting', error));
      else connected.resolve(metadata as DriverMetadata);
    });
    const { brokers } = await connected.promise;
    return new EmbeddedKafka(
      host,
      brokers.map((broker) => `${broker.host}:${broker.port}`),
    );
  }

  /** Ends the brokers; clients that are still connected see them go away. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** `stop()`, at the end of `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    this.#withdraw();
    const stopped = deferred<undefined>();
    this.#host.disconnect(1, () => {
      stopped.resolve(undefined);
    });
    await stopped.promise;
  }

  async #createTopic(topic: string): Promise<void> {
    const created = deferred<undefined>();
    this.#host.getMetadata({ topic, allTopics: false, timeout: START_TIMEOUT_MS }, (error) => {
      if (error) created.reject(hostError(`creating topic ${topic}`, error));
      else created.resolve(undefined);
    });
    await created.promise;
  }
}

function hostError(what: string, error: Error): Error {
  return tenantryError('ADMIN_FAILED', `the embedded Kafka failed at ${what}`, { reason: reasonOf(error) });
}
