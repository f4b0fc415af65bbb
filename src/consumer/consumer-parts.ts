import type { EventConsumer } from '../api/consumer.js';
import type { Clock } from '../core/clock.js';
import type { TenantId } from '../core/tenant-id.js';
import type { RecordCipher } from '../encryption/record-cipher.js';
import type { RateLimiter } from '../rate-limit/limiter.js';
import type { ValueSerde } from '../serde/value-serde.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { AmbientTenant } from '../tenant/ambient-tenant.js';
import type { TenantDirectory } from '../tenant/directory.js';
import type { RecordProducer, Transport } from '../transport/port.js';
import type { PublisherOf } from './handling/handler-context.js';

/** What every consumer of a client shares. */
export interface ConsumerParts {
  readonly clock: Clock;
  readonly transport: Transport;
  /** Writes the copies. Connected when the consumer starts. */
  readonly producer: RecordProducer;
  readonly limiter: RateLimiter;
  readonly cipher: RecordCipher | undefined;
  readonly serde: ValueSerde;
  readonly telemetry: Telemetry;
  readonly ambient: AmbientTenant;
  readonly directory: TenantDirectory;
  readonly publisherOf: PublisherOf;
  /** librdkafka's `max.poll.interval.ms`. */
  readonly maxPollIntervalMs: number;
  readonly running: ConsumerRegister;
}

/** What those who keep consumers know of one. */
export interface RegisteredConsumer extends Pick<EventConsumer, 'groupId' | 'stop'> {
  /** The event types that it handles, with their versions. */
  readonly eventTypes: readonly string[];
}

/** Those who are told that consumers started and ended. */
export interface ConsumerRegister {
  /** Fails where this consumer may not start. */
  add(consumer: RegisteredConsumer): void;
  delete(consumer: RegisteredConsumer): void;
}

/** Which group a consumer belongs to, and whom it serves. */
export interface ConsumerIdentity {
  readonly groupId: string;
  /** The one tenant it serves; undefined for a worker. */
  readonly scope: TenantId | undefined;
}
