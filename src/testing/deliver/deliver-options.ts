import type { RetryOptions } from '../../api/retry-options.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';

/** How an event is delivered. */
export interface DeliverOptions {
  /** Whose event it is. */
  readonly tenant: string;
  /**
   * A client of an `InMemoryKafka`, for handlers that publish through a client of their own. Deliveries on one such
   * Kafka wait for each other. Default: a new one, with a key for every tenant
   */
  readonly kafka?: TenantKafka | undefined;
  /** Default: a new one. */
  readonly eventId?: string | undefined;
  /** When the event happened. Default: now */
  readonly timestamp?: Date | undefined;
  /** The application's own headers. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** As of `consumer.on`; pauses between tries are not waited for. */
  readonly retry?: Omit<RetryOptions, 'backoffMs' | 'maxBackoffMs'> | undefined;
  /** How long a try of the handler may take, in milliseconds. Default 30,000 */
  readonly timeoutMs?: number | undefined;
  /** After how many milliseconds the delivery is given up as `unfinished`. Default 10,000 */
  readonly giveUpAfterMs?: number | undefined;
}
