import type { TenantId } from '../core/tenant-id.js';
import { controlTopic, deadLetterTopic, quarantineTopic } from '../routing/naming.js';
import { assertSealsFields } from '../serde/value-serde.js';
import { profileOf, type TenantDirectory } from '../tenant/directory.js';
import { ConsumerEngine, type ControlPlace } from './consumer-engine.js';
import type { ResolvedConsumerOptions } from './consumer-options.js';
import type { ConsumerIdentity, ConsumerParts } from './consumer-parts.js';
import { CopySender } from './handling/copy-sender.js';
import type { Counters } from './handling/counters.js';
import { Dedupe } from './handling/dedupe.js';
import { VIOLATIONS, type Payer } from './handling/delivery.js';
import { ErasureNotice } from './handling/erasure-notice.js';
import type { HandlerTable } from './handling/handler-table.js';
import type { TopicRole } from './ledger/partition-session.js';
import { RecordRunner } from './handling/record-runner.js';
import { TenantGuard } from './handling/tenant-guard.js';

/** How long a revocation waits for running handlers. */
const REVOKE_DRAIN_MS = 10_000;

/** Makes the engine of a consumer. Throws `INVALID_CONTRACT` where the serde cannot do what a contract asks. */
export function composeEngine(
  { groupId, scope }: ConsumerIdentity,
  parts: ConsumerParts,
  options: ResolvedConsumerOptions,
  handlers: HandlerTable,
  counters: Counters,
): ConsumerEngine {
  const { clock, transport, producer, limiter, telemetry, directory, ambient, cipher, serde, publisherOf } = parts;
  for (const contract of handlers.contracts) assertSealsFields(serde, contract);
  const { topics } = handlers;
  // Only a worker can be told to redrive; a tenant's own consumer does not read its dead letters.
  const deadLetters = new Map(
    scope === undefined ? topics.map((topic) => [topic, deadLetterTopic(groupId, topic)]) : [],
  );
  const guard = new TenantGuard(scope, directory);
  const copies = new CopySender({ clock, producer, limiter, telemetry });
  const dedupe = options.dedupe && new Dedupe({ clock, ...options.dedupe });
  const { onErased } = options;
  const erasureNotice = onErased && new ErasureNotice({ clock, onErased });
  return new ConsumerEngine(
    {
      groupId,
      clock,
      telemetry,
      handlers,
      counters,
      consumer: transport.createGroupConsumer({
        groupId,
        topics: [...topics, ...deadLetters.values()],
        clientIdSuffix: groupId,
      }),
      createReader: () => transport.createReader({ groupId, clientIdSuffix: `${groupId}-reader` }),
      control: scope === undefined ? controlOf(groupId, topics, deadLetters, parts) : undefined,
      weightOf: (payer) => weightOf(payer, directory),
      guard,
      roleOf: rolesOf(deadLetters),
      applicationSigns: () => ({
        isDedupeAway: dedupe?.isAway ?? false,
        isErasureNoticeFailing: erasureNotice?.isFailing ?? false,
      }),
      runner: ({ onOverdue, mayHandle }) =>
        new RecordRunner({
          groupId,
          clock,
          ambient,
          telemetry,
          copies,
          cipher,
          serde,
          publisherOf,
          knows: (tenantId) => guard.knows(tenantId),
          onOverdue,
          mayHandle,
          handlers,
          counters,
          dedupe,
          erasureNotice,
          random: Math.random,
          deadLetterTopicOf: (topic) => deadLetterTopic(groupId, topic),
          quarantineTopicOf: quarantineTopic,
        }),
    },
    {
      concurrency: options.concurrency,
      payerConcurrency: tenantConcurrency(scope, options),
      maxBufferedRecords: options.maxBufferedRecords,
      maxBufferedBytes: options.maxBufferedBytes,
      commitIntervalMs: options.commitIntervalMs,
      startFrom: options.startFrom,
      otherTypes: options.otherTypes,
      revokeDrainMs: REVOKE_DRAIN_MS,
      maxPollIntervalMs: parts.maxPollIntervalMs,
    },
  );
}

function rolesOf(deadLetters: ReadonlyMap<string, string>): (topic: string) => TopicRole {
  const origins = new Map(Array.from(deadLetters, ([origin, topic]) => [topic, origin]));
  return (topic) => ({ logicalTopic: origins.get(topic) ?? topic, isDeadLetters: origins.has(topic) });
}

function controlOf(
  groupId: string,
  topics: readonly string[],
  deadLetterTopics: ReadonlyMap<string, string>,
  { transport, producer }: ConsumerParts,
): ControlPlace {
  return {
    topics,
    deadLetterTopics,
    producer,
    topic: controlTopic(groupId),
    createReader: () => transport.createReader({ groupId, clientIdSuffix: `${groupId}-control` }),
  };
}

/** By default a worker leaves other tenants a tenth; where there is only one tenant, it has everything. */
function tenantConcurrency(scope: TenantId | undefined, options: ResolvedConsumerOptions): number {
  const { concurrency } = options;
  const share = scope === undefined ? Math.max(1, Math.floor(concurrency * 0.9)) : concurrency;
  return Math.min(options.tenantConcurrency ?? share, concurrency);
}

/** The share of a tenant's handlers; what says nothing, or fails, says 1. */
function weightOf(payer: Payer, directory: TenantDirectory): number {
  if (payer === VIOLATIONS) return 1;
  try {
    return profileOf(directory, payer)?.weight ?? 1;
  } catch {
    return 1;
  }
}
