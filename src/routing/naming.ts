import { invalidOptions } from '../core/invalid-options.js';
import { isLogicalTopic } from '../contract/logical-topic.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';

// Names of topics and groups, all in one place. Segments are joined by dots and no segment can hold one, so
// a name takes apart in one way only. A dotted name that is not one tenant's own begins with `_`, which
// cannot begin a tenant id: no prefix `{tenantId}.` reaches it.

// 64, so that `{tenantId}.{group}.{topic}.dlq` stays within Kafka's 249 characters with some to spare.
const GROUP_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
// MirrorMaker 2 never replicates a topic that ends so, and a control topic ends in its group's name.
const NOT_REPLICATED = /(?:^|-)internal$/;

/** What the groups of workers begin with, before the first dot. */
const SHARED = '_shared';

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
  return `${SHARED}.${group}`;
}

/** Whether a consumer group, as Kafka knows it, is a worker's. */
export function isSharedGroupId(groupId: string): boolean {
  return groupId.startsWith(`${SHARED}.`);
}

/** Whether a text names a consumer group as Kafka knows it: a worker's or a tenant's own. */
export function isGroupId(text: string): boolean {
  const [prefix, group, ...more] = text.split('.');
  return more.length === 0 && isGroupName(group) && (prefix === SHARED || isTenantId(prefix));
}

/** Where the dead letters of one group and one logical topic go. Who may read the group's topics may read them. */
export function deadLetterTopic(groupId: string, logicalTopic: string): string {
  return `${groupId}.${logicalTopic}.dlq`;
}

/** What the name of a dead-letter topic says: whose dead letters, and of which topic. */
export interface DeadLetterTopicName {
  readonly groupId: string;
  readonly logicalTopic: string;
}

/** @returns undefined where it is not the name of a dead-letter topic */
export function parseDeadLetterTopic(topic: string): DeadLetterTopicName | undefined {
  const [prefix, group, logicalTopic, ending, ...more] = topic.split('.');
  const groupId = `${prefix}.${group}`;
  if (ending !== 'dlq' || more.length > 0 || !isGroupId(groupId) || !isLogicalTopic(logicalTopic)) return undefined;
  return { groupId, logicalTopic };
}

/** Where violations of a logical topic go. The platform reads it; tenants at most write. */
export function quarantineTopic(logicalTopic: string): string {
  return `_quarantine.${logicalTopic}`;
}

/** The compacted topic that carries pauses and replays to all members of a group. Out of the tenant's own reach: a tenant must not undo the platform's pause. */
export function controlTopic(groupId: string): string {
  return `_control.${groupId}`;
}
