import type { ConsumerOptions } from '../../src/api/consumer.js';
import type { Publisher } from '../../src/api/publisher.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/tenant-id.js';
import { consumerOptionsSchema } from '../../src/consumer/consumer-options.js';
import { GroupWorker } from '../../src/consumer/group-worker.js';
import type { EnvelopeCipherPorts } from '../../src/encryption/envelope-cipher.js';
import type { RecordCipher } from '../../src/encryption/record-cipher.js';
import { localRateLimiter } from '../../src/rate-limit/local-rate-limiter.js';
import { controlTopic, deadLetterTopic, quarantineTopic } from '../../src/routing/naming.js';
import { jsonSerde } from '../../src/serde/json-serde.js';
import type { ValueSerde } from '../../src/serde/value-serde.js';
import { telemetrySchema } from '../../src/telemetry/options.js';
import { Telemetry } from '../../src/telemetry/telemetry.js';
import { AmbientTenant } from '../../src/tenant/ambient-tenant.js';
import { openDirectory, type TenantDirectory, type TenantRateLimit } from '../../src/tenant/directory.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { FakeCipher } from './fake-cipher.js';
import { FakeKafka, type FakeTransport } from './fake-kafka.js';
import type { FakeGroupConsumer } from './fake-group-consumer.js';
import { RecordingLogger } from './recording-logger.js';

export const GROUP = '_shared.readers';

/** What a process of consumers is made with. */
export interface ProcessOptions {
  readonly groupId?: string | undefined;
  readonly scope?: TenantId | undefined;
  readonly options?: ConsumerOptions | undefined;
  readonly directory?: TenantDirectory | undefined;
  readonly limit?: TenantRateLimit | undefined;
  /** In place of the fake one; made with the clock and the telemetry of the process. */
  readonly cipher?: ((ports: EnvelopeCipherPorts) => RecordCipher) | undefined;
  readonly serde?: ValueSerde | undefined;
}

/** A process with one consumer: it can be killed, and then nothing of it happens any more. */
export class ConsumerProcess {
  readonly consumer: GroupWorker;
  readonly logger = new RecordingLogger();
  readonly cipher = new FakeCipher();
  readonly ambient = new AmbientTenant();
  readonly limiter: ReturnType<typeof localRateLimiter>;
  readonly transport: FakeTransport;
  readonly clock: ProcessClock;

  constructor(kafka: FakeKafka, given: ProcessOptions = {}) {
    const clock = new ProcessClock(kafka.clock);
    this.clock = clock;
    this.transport = kafka.transport();
    this.limiter = localRateLimiter({ clock, limitOf: () => given.limit });
    const telemetry = new Telemetry({ clock, logger: this.logger, options: telemetrySchema().parse({}) });
    const { directory = openDirectory } = given;
    this.consumer = new GroupWorker(
      { groupId: given.groupId ?? GROUP, scope: given.scope },
      {
        clock,
        telemetry,
        transport: this.transport,
        producer: this.transport.createProducer(),
        limiter: this.limiter,
        cipher: given.cipher?.({ clock, telemetry, directory }) ?? this.cipher,
        serde: given.serde ?? jsonSerde,
        ambient: this.ambient,
        directory,
        running: new Set(),
        maxPollIntervalMs: 300_000,
        publisherOf: (id) => ({ id }) as Publisher & { readonly id: TenantId },
      },
      consumerOptionsSchema().parse(given.options ?? {}),
    );
  }

  /** Its member of the group, once it has started. */
  get member(): FakeGroupConsumer {
    const member = this.transport.consumers.at(-1);
    if (member === undefined) throw new Error('this process has no member in the group');
    return member;
  }

  /** SIGKILL. */
  kill(): void {
    this.clock.kill();
    this.transport.kill();
  }
}

/** A clock whose timers die with its process. */
class ProcessClock implements Clock {
  #burntMs = 0;
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #killed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs() + this.#burntMs;
  }

  /** Passes time as code does that only uses the processor: no timer fires meanwhile. */
  burn(ms: number): void {
    this.#burntMs += ms;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (this.#killed) return { cancel: () => undefined };
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        timer.cancel();
        this.#timers.delete(timer);
      },
    };
  }

  kill(): void {
    this.#killed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

/** A fake cluster with the topic `notes` and what its consumers need. */
export class ConsumeHarness {
  readonly clock = new VirtualClock();
  readonly kafka = new FakeKafka(this.clock);

  constructor(partitions = 1, groupIds: readonly string[] = [GROUP]) {
    for (const groupId of groupIds) this.kafka.createTopic(controlTopic(groupId));
    for (const topic of ['notes', 'states']) {
      this.kafka.createTopic(topic, partitions);
      this.kafka.createTopic(quarantineTopic(topic));
      for (const groupId of groupIds) this.kafka.createTopic(deadLetterTopic(groupId, topic));
    }
  }

  /** Starts a process whose consumer has these handlers. */
  async start(register: (consumer: GroupWorker) => unknown, given: ProcessOptions = {}): Promise<ConsumerProcess> {
    const process = new ConsumerProcess(this.kafka, given);
    register(process.consumer);
    await this.clock.advanceUntil(process.consumer.start());
    return process;
  }

  /** What is in a topic: the `event-id` and the code of each copy. */
  copies(topic: string): { readonly id: string | undefined; readonly code: string | undefined }[] {
    return this.kafka.log(topic).records.map(({ headers }) => {
      const of = (wanted: string): string | undefined =>
        headers.find(({ name }) => name === wanted)?.value.toString('latin1');
      return { id: of('event-id'), code: of('dlq-code') };
    });
  }

  get deadLetters(): { readonly id: string | undefined; readonly code: string | undefined }[] {
    return this.copies(deadLetterTopic(GROUP, 'notes'));
  }

  get quarantined(): { readonly id: string | undefined; readonly code: string | undefined }[] {
    return this.copies(quarantineTopic('notes'));
  }

  /** The committed offset of a partition. */
  committed(partition = 0, groupId = GROUP): number | undefined {
    return this.kafka.group(groupId).committed({ topic: 'notes', partition }).offset;
  }
}
