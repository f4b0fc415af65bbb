import type { GroupOffsets, Transport } from '../../transport/port.js';
import { clusterOf, withOffsets } from '../cluster.js';
import type { SettingFlags } from '../settings/environment.js';

/** Connects to the cluster for as long as `work` takes. */
export async function withGroupOffsets<T>(
  flags: SettingFlags,
  groupId: string,
  work: (offsets: GroupOffsets, transport: Transport) => Promise<T>,
): Promise<T> {
  const cluster = await clusterOf(flags);
  return withOffsets(cluster, groupId, (offsets) => work(offsets, cluster.transport));
}
