import type { z } from 'zod';
import { ContractSet } from '../contract/contract-set.js';
import type { AnyEventContract } from '../contract/event-contract.js';
import { tenantryError } from '../core/errors.js';
import { lazySchema } from '../core/lazy-schema.js';
import { isTenantId, parseTenantId, type TenantId } from '../core/tenant-id.js';
import {
  deadLetterTopic,
  isGroupName,
  parseGroupName,
  quarantineTopic,
  sharedGroupId,
  tenantGroupId,
  controlTopic,
} from '../routing/naming.js';
import type { TopicAdmin, TopicDefinition } from '../transport/port.js';

/** The options of `admin.createTopics`; `CreateTopicsOptions` documents them. */
export const createTopicsSchema = lazySchema((z) => {
  const groupName = z.string().refine(isGroupName, 'must be the name of a consumer group');
  return z.strictObject({
    partitions: z.int().min(1).max(10_000).default(12),
    replicationFactor: z
      .int()
      .min(-1)
      .max(32)
      .refine((factor) => factor !== 0, 'must not be 0')
      .default(3),
    groups: z.array(groupName).default([]),
    tenantGroups: z.record(z.string().refine(isTenantId, 'must be a tenant id'), z.array(groupName)).default({}),
    config: z.record(z.string(), z.string()).default({}),
  });
});

/**
 * Options of `admin.createTopics`.
 *
 * - `partitions`: of the contracts' topics, and of dead-letter topics. 1 to 10,000. Default 12
 * - `replicationFactor`: default 3, or -1 for the brokers' own default
 * - `groups`: worker groups that get dead-letter and control topics. Default none
 * - `tenantGroups`: the same for tenants' own consumers: for a tenant id its groups. Default none
 * - `config`: topic configuration of the contracts' topics. Default none
 *
 * @interface
 */
export type CreateTopicsOptions = z.input<ReturnType<typeof createTopicsSchema>>;

/** What became of `createTopics`. */
export interface CreatedTopics {
  /** Topics that were made now. */
  readonly created: readonly string[];
  /** Topics that were there already and were left alone. */
  readonly existing: readonly string[];
}

const TIMEOUT_MS = 30_000;
/** A copy is its record and the headers that say why it was copied. */
const COPY_HEADROOM_BYTES = 64 * 1024;

/** Creates those of the topics that are not there. */
export async function createTopics(admin: TopicAdmin, wanted: readonly TopicDefinition[]): Promise<CreatedTopics> {
  const created = new Set(await admin.createTopics(wanted, TIMEOUT_MS));
  const names = wanted.map(({ topic }) => topic);
  return { created: names.filter((name) => created.has(name)), existing: names.filter((name) => !created.has(name)) };
}

/**
 * The topics of contracts with their quarantine topics, and the groups' dead-letter and control topics, each once.
 *
 * @throws TenantryError `INVALID_CONTRACT`, `CONTRACT_CONFLICT`
 */
export function wantedTopics(
  contracts: readonly AnyEventContract[],
  options: z.output<ReturnType<typeof createTopicsSchema>>,
  maxRecordBytes: number,
): TopicDefinition[] {
  const given: unknown = contracts;
  if (!Array.isArray(given)) throw tenantryError('INVALID_CONTRACT', 'createTopics takes an array of event contracts');
  const { partitions, replicationFactor, config } = options;
  const set = new ContractSet();
  for (const contract of contracts) set.add(contract);
  const compacted = new Map(contracts.map((contract) => [contract.topic, contract.compacted]));
  const groupIds = new Set([
    ...options.groups.map((group) => sharedGroupId(parseGroupName(group))),
    ...Object.entries(options.tenantGroups).flatMap(([tenant, groups]) => groupIdsOf(parseTenantId(tenant), groups)),
  ]);
  const copyConfig = { 'cleanup.policy': 'delete', 'max.message.bytes': String(maxRecordBytes + COPY_HEADROOM_BYTES) };
  const topics: TopicDefinition[] = [];
  for (const [topic, isCompacted] of compacted) {
    const policy: Record<string, string> = isCompacted ? { 'cleanup.policy': 'compact' } : {};
    topics.push({ topic, partitions, replicationFactor, config: { ...policy, ...config } });
    topics.push({ topic: quarantineTopic(topic), partitions: 1, replicationFactor, config: copyConfig });
    for (const groupId of groupIds) {
      topics.push({ topic: deadLetterTopic(groupId, topic), partitions, replicationFactor, config: copyConfig });
    }
  }
  for (const groupId of groupIds) {
    topics.push({
      topic: controlTopic(groupId),
      partitions: 1,
      replicationFactor,
      config: { 'cleanup.policy': 'compact' },
    });
  }
  return topics;
}

function groupIdsOf(tenantId: TenantId, groups: readonly string[]): string[] {
  return groups.map((group) => tenantGroupId(tenantId, parseGroupName(group)));
}
