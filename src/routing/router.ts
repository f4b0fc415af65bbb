import type { AnyEventContract } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';
import { ALL_PARTITIONS, type PartitionSet } from './partition-set.js';

/** How tenants are kept apart: all on one topic, a topic for each, or a cluster for each. */
type IsolationModel = 'shared' | 'topic' | 'cluster';

/** Where a tenant's events of a contract are written. */
interface Route {
  readonly isolation: IsolationModel;
  /** The topic at the broker. */
  readonly topic: string;
  /** The topic the contract names, which seals are bound to. */
  readonly logicalTopic: string;
  readonly partitions: PartitionSet;
}

/** Decides where events are written. */
export interface Router {
  route(tenantId: TenantId, contract: Pick<AnyEventContract, 'topic'>): Route;
}

/** Every tenant's events on the one topic that their contract names, over all its partitions. */
export const sharedRouter: Router = {
  route: (_tenantId, contract) => ({
    isolation: 'shared',
    topic: contract.topic,
    logicalTopic: contract.topic,
    partitions: ALL_PARTITIONS,
  }),
};
