import type { CreateTopicsOptions, TenantKafka } from 'tenantry';
import { ShipmentAccepted, ShipmentRequested } from './contracts.js';
import { SERVICE } from './kafka.js';

/** Creates the topics of this service, with those for what its worker could not handle. */
export async function createTopics(kafka: TenantKafka, options: CreateTopicsOptions = {}): Promise<readonly string[]> {
  const topics = { ...options, groups: [SERVICE] };
  const { created } = await kafka.admin.createTopics([ShipmentRequested, ShipmentAccepted], topics);
  return created;
}
