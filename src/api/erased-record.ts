import type { TenantId } from '../core/tenant-id.js';
import type { DeliveredRecord } from './handler.js';

/** A record that can never be opened again, because its tenant is erased. What it says of itself is not authenticated. */
export interface ErasedRecord extends DeliveredRecord {
  readonly tenantId: TenantId;
  /** Type and version, such as `orders.placed.v1`. */
  readonly eventType: string;
  /** Kafka's, of when it was written. */
  readonly timestamp: Date;
}
