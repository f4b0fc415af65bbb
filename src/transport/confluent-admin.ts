import { deferred } from '../core/deferred.js';
import { delay } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import { adminConfig, type TransportContext } from './client-config.js';
import { ConnectWatch, logTo, makeClient } from './connect-client.js';
import type { Driver, DriverAdmin, DriverMetadata } from './driver-types.js';
import { inProcessTopicCreator } from './in-process-brokers.js';
import { CODE, codeOf } from './librdkafka-errors.js';
import { NativeCalls } from './native-calls.js';
import type { ResolvedTransportOptions } from './options.js';
import type { ClusterShape, TopicAdmin, TopicDefinition, TopicOperation, TopicShape } from './port.js';

/** A topic that was created is not known to every broker at once. */
const VISIBLE_POLL_MS = 50;

/** Topic administration over the native client. */
export class ConfluentAdmin implements TopicAdmin {
  readonly #options: ResolvedTransportOptions;
  readonly #context: TransportContext;
  readonly #loadDriver: () => Driver;
  readonly #calls = new NativeCalls();
  #client: DriverAdmin | undefined;

  constructor(options: ResolvedTransportOptions, context: TransportContext, loadDriver: () => Driver) {
    this.#options = options;
    this.#context = context;
    this.#loadDriver = loadDriver;
  }

  async connect(): Promise<void> {
    if (this.#client !== undefined) return;
    const outcome = deferred<undefined>();
    const watch = new ConnectWatch(this.#options.connectTimeoutMs, this.#context, outcome.reject);
    const driver = this.#loadDriver();
    const client = makeClient(() =>
      driver.AdminClient.create(adminConfig(this.#options, this.#context), {
        'event.error': watch.onErrorEvent,
        'event.log': logTo(this.#context),
        error: () => undefined,
      }),
    );
    const asked = this.#calls.run<DriverMetadata>('connecting', (callback) => {
      watch.untilAnswered(client.getMetadata.bind(client), (error, metadata) => {
        if (error) outcome.reject(watch.failure(error));
        else outcome.resolve(undefined);
        callback(error, metadata);
      });
    });
    try {
      await outcome.promise;
    } catch (error) {
      // Not before its last turn is over: ending it would block the event loop until then.
      const end = (): void => {
        client.disconnect();
      };
      asked.then(end, end);
      throw error;
    }
    this.#client = client;
  }

  async createTopics(topics: readonly TopicDefinition[], timeoutMs: number): Promise<readonly string[]> {
    const deadlineMs = this.#context.clock.monotonicMs() + timeoutMs;
    const existing = await this.describeTopics(
      topics.map(({ topic }) => topic),
      timeoutMs,
    );
    const created: string[] = [];
    for (const definition of topics.filter(({ topic }) => !existing.has(topic))) {
      const remainingMs = Math.max(1, Math.ceil(deadlineMs - this.#context.clock.monotonicMs()));
      if (await this.#createTopic(definition, remainingMs)) created.push(definition.topic);
    }
    await this.#untilVisible(created, deadlineMs);
    return created;
  }

  async describeTopics(topics: readonly string[], timeoutMs: number): Promise<ReadonlyMap<string, number>> {
    const client = this.#running();
    const counts = new Map<string, number>();
    for (const topic of topics) {
      const metadata = await this.#calls.run<DriverMetadata>(`asking for topic ${topic}`, (callback) => {
        client.getMetadata({ topic, allTopics: false, timeout: timeoutMs }, callback);
      });
      const count = metadata.topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
      if (count > 0) counts.set(topic, count);
    }
    return counts;
  }

  async describeCluster(timeoutMs: number): Promise<ClusterShape> {
    const client = this.#running();
    const { brokers, topics } = await this.#calls.run<DriverMetadata>('asking for all topics', (callback) => {
      client.getMetadata({ allTopics: true, timeout: timeoutMs }, callback);
    });
    const there = topics.filter(({ partitions }) => partitions.length > 0);
    return {
      brokers: brokers.map(({ host, port }) => `${host}:${port}`),
      topics: new Map(there.map(({ name, partitions }) => [name, shapeOf(partitions)])),
    };
  }

  async allowedOperations(
    topics: readonly string[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<string, ReadonlySet<TopicOperation>>> {
    if (inProcessTopicCreator(this.#options.brokers) !== undefined) {
      const reason = 'brokers in the process have no permissions';
      throw tenantryError('ADMIN_FAILED', `asking for permissions failed: ${reason}`, { reason });
    }
    const client = this.#running();
    type Described = readonly { readonly name: string; readonly authorizedOperations?: readonly number[] }[];
    const described = await this.#calls.run<Described>('asking for permissions', (callback) => {
      client.describeTopics(topics, { timeout: timeoutMs, includeAuthorizedOperations: true }, callback);
    });
    return new Map(described.map(({ name, authorizedOperations = [] }) => [name, operationsOf(authorizedOperations)]));
  }

  async disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await this.#calls.idle();
    client?.disconnect();
  }

  /** Resolves with whether it was created now. */
  async #createTopic(definition: TopicDefinition, timeoutMs: number): Promise<boolean> {
    const createInProcess = inProcessTopicCreator(this.#options.brokers);
    if (createInProcess !== undefined) {
      await createInProcess(definition.topic);
      return true;
    }
    const client = this.#running();
    const { topic, partitions, replicationFactor, config } = definition;
    const newTopic = { topic, num_partitions: partitions, replication_factor: replicationFactor, config };
    return this.#calls.run<boolean>(`creating topic ${topic}`, (callback) => {
      client.createTopic(newTopic, timeoutMs, (error) => {
        if (codeOf(error) === CODE.topicExists) callback(null, false);
        else callback(error, true);
      });
    });
  }

  async #untilVisible(topics: readonly string[], deadlineMs: number): Promise<void> {
    const { clock } = this.#context;
    for (;;) {
      const remainingMs = Math.ceil(deadlineMs - clock.monotonicMs());
      const visible = await this.describeTopics(topics, Math.max(1, remainingMs));
      if (visible.size === topics.length) return;
      if (remainingMs <= 0) {
        const reason = 'created, but not visible in time';
        throw tenantryError('ADMIN_FAILED', `creating topics: ${reason}`, { reason });
      }
      await delay(clock, VISIBLE_POLL_MS);
    }
  }

  #running(): DriverAdmin {
    if (this.#client === undefined) throw tenantryError('NOT_RUNNING', 'the admin client is not connected');
    return this.#client;
  }
}

function shapeOf(partitions: DriverMetadata['topics'][number]['partitions']): TopicShape {
  const replicas = partitions.map((partition) => partition.replicas?.length ?? 0);
  return { partitions: partitions.length, replicationFactor: Math.min(...replicas) };
}

/** Of Kafka's protocol (https://kafka.apache.org/documentation/#operations_resources_and_protocols). */
const OPERATIONS: ReadonlyMap<number, TopicOperation> = new Map([
  [3, 'read'],
  [4, 'write'],
  [7, 'alter'],
  [8, 'describe'],
]);

function operationsOf(codes: readonly number[]): ReadonlySet<TopicOperation> {
  return new Set(codes.flatMap((code) => OPERATIONS.get(code) ?? []));
}
