import { wantedTopics } from '../../admin/create-topics.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import type { GroupName } from '../../routing/naming.js';
import type { TopicDefinition, TopicShape } from '../../transport/port.js';
import { errorText, findingsOf, type Finding } from './finding.js';

/** How many replicas outlast the loss of a broker while records are still acknowledged by two. */
const DURABLE_REPLICAS = 3;

/** What is known of the topics that are there. */
export interface TopicFacts {
  readonly shapes: ReadonlyMap<string, TopicShape>;
  readonly brokers: number;
  /** The settings of a topic; undefined where nobody could tell. */
  readonly settingsOf: (topic: string) => ReadonlyMap<string, string> | undefined;
}

const finding = findingsOf('topics');

/** The topics that contracts and groups need, as createTopics would make them. */
export function neededTopics(
  contracts: readonly AnyEventContract[],
  groups: readonly GroupName[],
  maxRecordBytes: number,
): readonly TopicDefinition[] {
  const options = { partitions: 1, replicationFactor: 1, groups: [...groups], tenantGroups: {}, config: {} };
  return wantedTopics(contracts, options, maxRecordBytes);
}

/** Whether these topics are there, and as they must be. */
export function checkTopics(
  needed: readonly TopicDefinition[],
  facts: TopicFacts,
  maxRecordBytes: number,
): readonly Finding[] {
  return needed.flatMap((topic) => {
    const shape = facts.shapes.get(topic.topic);
    if (shape === undefined) {
      return finding(
        'error',
        topic.topic,
        'is not there, or may not be described',
        'run kafka.admin.createTopics with the contracts and groups, or allow "describe"',
      );
    }
    const found = [...shapeFindings(topic, shape, facts.brokers), ...settingFindings(topic, facts, maxRecordBytes)];
    const detail = `partitions: ${shape.partitions}, replicas: ${shape.replicationFactor}`;
    return found.length > 0 ? found : finding('ok', topic.topic, detail);
  });
}

function shapeFindings({ topic }: TopicDefinition, shape: TopicShape, brokers: number): readonly Finding[] {
  const findings: Finding[] = [];
  if (topic.startsWith('_control.') && shape.partitions !== 1) {
    const detail = `has ${shape.partitions} partitions: members read the first only`;
    findings.push(finding('error', topic, detail, 'make it anew with one partition while the group is stopped'));
  }
  if (brokers >= DURABLE_REPLICAS && shape.replicationFactor < DURABLE_REPLICAS) {
    const detail = `has ${shape.replicationFactor} replicas on ${brokers} brokers`;
    findings.push(finding('warning', topic, detail, `reassign its partitions to ${DURABLE_REPLICAS} replicas`));
  }
  return findings;
}

function settingFindings(
  { topic, config }: TopicDefinition,
  { settingsOf, shapes }: TopicFacts,
  maxRecordBytes: number,
): readonly Finding[] {
  const settings = settingsOf(topic);
  if (settings === undefined) return [];
  const findings: Finding[] = [];
  const wantedPolicy = config['cleanup.policy'] ?? 'delete';
  const policy = settings.get('cleanup.policy') ?? '';
  if (policy !== '' && policy !== wantedPolicy) {
    const isLoss = wantedPolicy === 'delete' || !policy.includes('compact');
    const detail = `cleanup.policy is ${policy} and must be ${wantedPolicy}: ${isLoss ? 'records get lost' : 'old keys get lost'}`;
    findings.push(finding('error', topic, detail, `set cleanup.policy=${wantedPolicy} on the topic`));
  }
  const wantedBytes = Number(config['max.message.bytes'] ?? maxRecordBytes);
  const bytes = Number(settings.get('max.message.bytes') ?? Number.NaN);
  if (bytes < wantedBytes) {
    const detail = `max.message.bytes is ${bytes}, and records of ${wantedBytes} must fit`;
    findings.push(
      finding('error', topic, detail, `set max.message.bytes=${wantedBytes} on the topic, or a lower maxRecordBytes`),
    );
  }
  const inSync = Number(settings.get('min.insync.replicas') ?? Number.NaN);
  const replicas = shapes.get(topic)?.replicationFactor ?? 0;
  if (replicas >= DURABLE_REPLICAS && inSync < 2) {
    const detail = `min.insync.replicas is ${inSync}: one broker alone may acknowledge a record, and be lost`;
    findings.push(finding('warning', topic, detail, 'set min.insync.replicas=2 on the topic'));
  }
  return findings;
}

/** What to say where nothing tells which topics of groups must be there. */
export function groupsNotKnown(): Finding {
  const todo = 'give "groups" in the settings, or the variable TENANTRY_GROUPS';
  return finding(
    'not-made',
    'groups',
    'the settings name none: their dead-letter and control topics were not looked at',
    todo,
  );
}

/** What to say where nobody could tell the settings of topics. */
export function settingsNotRead(error: unknown, todo: string): Finding {
  const why = error === undefined ? 'the native client cannot ask for them' : errorText(error);
  return finding(
    'not-made',
    'settings of topics',
    `cleanup.policy, max.message.bytes, min.insync.replicas: ${why}`,
    todo,
  );
}
