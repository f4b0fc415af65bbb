import { decodeControl } from '../../consumer/control/control-record.js';
import { Redrives } from '../../consumer/control/redrives.js';
import type { TenantId } from '../../core/tenant-id.js';
import { controlTopic, isSharedGroupId } from '../../routing/naming.js';
import { readRanges, wholeTopics, type Reading } from './read-range.js';
import { unreadTopic, type UnreadTopic } from './unread-topic.js';

/** What a group was told about tenants. */
export interface ToldControls {
  readonly paused: ReadonlySet<TenantId>;
  readonly redrives: Redrives;
  /** Why the control topic could not be read: then nobody knows who is paused, nor what was redriven. */
  readonly unread: UnreadTopic | undefined;
}

/** Reads a group's control topic. A tenant's own group has none and is told nothing. */
export async function readControls(reading: Reading): Promise<ToldControls> {
  const paused = new Set<TenantId>();
  const redrives = new Redrives();
  if (!isSharedGroupId(reading.groupId)) return { paused, redrives, unread: undefined };
  const topic = controlTopic(reading.groupId);
  try {
    const ranges = await wholeTopics(reading.offsets, [topic]);
    await readRanges(reading, ranges, (record) => {
      const control = decodeControl(record);
      if (control?.kind === 'redrive') redrives.add(control, record.offset);
      else if (control?.kind === 'pause' && control.paused) paused.add(control.tenantId);
      else if (control?.kind === 'pause') paused.delete(control.tenantId);
    });
    return { paused, redrives, unread: undefined };
  } catch (error) {
    return { paused, redrives, unread: unreadTopic(topic, reading.groupId, error) };
  }
}
