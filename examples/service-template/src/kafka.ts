import type { Logger } from 'pino';
import { envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import type { Config } from './config.js';

/** The name of this service: its client's, and its consumer group's. */
export const SERVICE = 'shipment-service';

/** The client of this service. Its keys come from `TENANTRY_KEYS`; a key service takes the place of `localKeyring`. */
export function createKafka(config: Config, brokers: readonly string[], logger: Logger): TenantKafka {
  const { KAFKA_SSL: ssl, KAFKA_USERNAME: username = '', KAFKA_PASSWORD: password = '' } = config;
  const sasl = { mechanism: 'scram-sha-512', username, password } as const;
  return new TenantKafka({
    clientId: SERVICE,
    brokers,
    connection: { ssl, ...(username === '' ? {} : { sasl }) },
    encryption: envelopeEncryption({ kms: localKeyring({ environment: true }) }),
    rateLimit: { default: { eventsPerSecond: config.EVENTS_PER_SECOND }, onLimit: 'reject' },
    // No caller waits longer than this, and so no stop does.
    deliveryTimeoutMs: 10_000,
    logger,
  });
}
