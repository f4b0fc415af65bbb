import type { AnyEventContract } from '../../contract/event-contract.js';
import type { TenantId } from '../../core/tenant-id.js';
import { sharedGroupId } from '../../routing/naming.js';
import type { ClusterShape, TopicDefinition } from '../../transport/port.js';
import { REQUEST_TIMEOUT_MS, withTopics, type Cluster } from '../cluster.js';
import { INSTALL_DETAILS, openBrokerDetails, type BrokerDetails } from './broker-details.js';
import { checkGroupAccess, checkTopicAccess } from './check-access.js';
import { checkClocks } from './check-clocks.js';
import { checkKafka } from './check-kafka.js';
import { checkKeys } from './check-keys.js';
import { checkRegistry } from './check-registry.js';
import { checkTopics, groupsNotKnown, neededTopics, settingsNotRead } from './check-topics.js';
import { checkVersions } from './check-versions.js';
import { errorText, findingsOf, type Finding } from './finding.js';

/** Looks at everything that the settings name. It only asks. */
export async function diagnose(
  cluster: Cluster,
  contracts: readonly AnyEventContract[],
  tenants: readonly TenantId[],
): Promise<readonly Finding[]> {
  const { settings } = cluster;
  return [
    ...checkVersions(),
    ...(await checkBrokers(cluster, contracts)),
    ...(await checkRegistry(settings.registry, contracts)),
    ...(await checkKeys(cluster, contracts, tenants)),
  ];
}

async function checkBrokers(cluster: Cluster, contracts: readonly AnyEventContract[]): Promise<readonly Finding[]> {
  const finding = findingsOf('connection');
  let shape: ClusterShape;
  try {
    shape = await withTopics(cluster, (admin) => admin.describeCluster(REQUEST_TIMEOUT_MS));
  } catch (error) {
    const todo = 'everything about topics, permissions and clocks was not looked at: mend this first';
    return [finding('error', cluster.client.brokers.join(','), errorText(error), todo)];
  }
  const details = await openBrokerDetails(cluster.client);
  try {
    return [
      finding('ok', 'brokers', shape.brokers.join(', ')),
      ...(await checkKafka(cluster.client, details)),
      ...(await checkAllTopics(cluster, contracts, shape, details)),
    ];
  } finally {
    await details?.close();
  }
}

async function checkAllTopics(
  cluster: Cluster,
  contracts: readonly AnyEventContract[],
  shape: ClusterShape,
  details: BrokerDetails | undefined,
): Promise<readonly Finding[]> {
  if (contracts.length === 0) {
    const todo = 'give --contracts, or "contracts" and "groups" in the settings';
    return [findingsOf('topics')('not-made', 'topics', 'the settings have no contracts', todo)];
  }
  const { maxRecordBytes } = cluster.client;
  const { groups } = cluster.settings;
  const needed = neededTopics(contracts, groups, maxRecordBytes);
  const present = needed.map(({ topic }) => topic).filter((topic) => shape.topics.has(topic));
  const eventTopics = new Set(contracts.map(({ topic }) => topic));
  const presentEvents = present.filter((topic) => eventTopics.has(topic));
  const { settingsOf, notRead } = await readSettingsOf(needed, present, details);
  const facts = { shapes: shape.topics, brokers: shape.brokers.length, settingsOf };
  return [
    ...checkTopics(needed, facts, maxRecordBytes),
    ...notRead,
    ...(groups.length > 0 ? [] : [groupsNotKnown()]),
    ...(await checkTopicAccess(cluster, present, eventTopics)),
    ...(await checkGroupAccess(cluster, groups.map(sharedGroupId), presentEvents[0])),
    ...(await checkClocks(cluster, presentEvents)),
  ];
}

async function readSettingsOf(
  needed: readonly TopicDefinition[],
  present: readonly string[],
  details: BrokerDetails | undefined,
): Promise<{
  readonly settingsOf: (topic: string) => ReadonlyMap<string, string> | undefined;
  readonly notRead: readonly Finding[];
}> {
  const nothing = (): undefined => undefined;
  if (needed.length === 0 || present.length === 0) return { settingsOf: nothing, notRead: [] };
  if (details === undefined) return { settingsOf: nothing, notRead: [settingsNotRead(undefined, INSTALL_DETAILS)] };
  try {
    const settings = await details.topicSettings(present);
    return { settingsOf: (topic) => settings.get(topic), notRead: [] };
  } catch (error) {
    const todo = 'allow "describe configs" on the topics, or compare their settings yourself';
    return { settingsOf: nothing, notRead: [settingsNotRead(error, todo)] };
  }
}
