import { invalidOptions } from '../core/invalid-options.js';
import type { TenantId } from '../core/tenant-id.js';

// Names of topics and groups, all in one place. Segments are joined by dots and no segment can hold one, so
// a name takes apart in one way only. A dotted name that is not one tenant's own begins with `_`, which
// cannot begin a tenant id: no prefix `{tenantId}.` reaches it.

// 64, so that `{tenantId}.{group}.{topic}.dlq` stays within Kafka's 249 characters with some to spare.
const GROUP_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
// MirrorMaker 2 never replicates a topic that ends so, and a control topic ends in its group's name.
const NOT_REPLICATED = /(?:^|-)internal$/;

declare const groupNameBrand: unique symbol;

/** A checked name of a consumer group, before the tenant's prefix: `^[a-z0-9][a-z0-9-]{0,63}$`, not ending in `internal` as a word. */
export type GroupName = string & { readonly [groupNameBrand]: true };

/** Whether a value may be the name of a consumer group. */
export function isGroupName(value: unknown): value is GroupName {
  return typeof value === 'string' && GROUP_NAME.test(value) && !NOT_REPLICATED.test(value);
}

/**
 * Checks the name of a consumer group.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function parseGroupName(value: unknown): GroupName {
  if (isGroupName(value)) return value;
  const message =
    'must be 1 to 64 characters of a-z 0-9 -, beginning with a letter or a digit, not ending in the word internal';
  throw invalidOptions('the name of a consumer group', [{ path: 'group', message }]);
}

/** What every topic and group of one tenant begins with; the pattern of its prefixed ACLs. */
export function tenantPrefix(tenantId: TenantId): string {
  return `${tenantId}.`;
}

/** The consumer group of a tenant's own consumer. */
export function tenantGroupId(tenantId: TenantId, group: GroupName): string {
  return `${tenantPrefix(tenantId)}${group}`;
}

/** The consumer group of a worker, which serves every tenant. */
export function sharedGroupId(group: GroupName): string {
  return `_shared.${group}`;
}

/** Where the dead letters of one group and one logical topic go. Who may read the group's topics may read them. */
export function deadLetterTopic(groupId: string, logicalTopic: string): string {
  return `${groupId}.${logicalTopic}.dlq`;
}

/** Where violations of a logical topic go. The platform reads it; tenants at most write. */
export function quarantineTopic(logicalTopic: string): string {
  return `_quarantine.${logicalTopic}`;
}

/** The compacted topic that carries pauses and replays to all members of a group. Out of the tenant's own reach: a tenant must not undo the platform's pause. */
export function controlTopic(groupId: string): string {
  return `_control.${groupId}`;
}
