import type { TransportContext } from './client-config.js';
import { ConfluentAdmin } from './confluent-admin.js';
import { ConfluentConsumer } from './confluent-consumer.js';
import { ConfluentGroupOffsets } from './confluent-group-offsets.js';
import { ConfluentProducer } from './confluent-producer.js';
import { ConfluentReader } from './confluent-reader.js';
import { loadDriver } from './load-driver.js';
import type { ResolvedTransportOptions } from './options.js';
import type { Transport } from './port.js';

/**
 * The transport over `@confluentinc/kafka-javascript`. The native client is loaded by the first `connect`, which
 * may therefore also fail with `WORKER_THREAD`, `DRIVER_UNAVAILABLE` or `INVALID_OPTIONS`.
 */
export function createConfluentTransport(options: ResolvedTransportOptions, context: TransportContext): Transport {
  return {
    createProducer: () => new ConfluentProducer(options, context, loadDriver),
    createGroupConsumer: (group) => new ConfluentConsumer(options, group, context, loadDriver),
    createReader: (reader) => new ConfluentReader(options, reader, context, loadDriver),
    createGroupOffsets: (groupId) => new ConfluentGroupOffsets(options, groupId, context, loadDriver),
    createAdmin: () => new ConfluentAdmin(options, context, loadDriver),
  };
}
