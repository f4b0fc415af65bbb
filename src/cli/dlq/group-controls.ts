import { ControlLog } from '../../consumer/control/control-log.js';
import { GroupControls } from '../../consumer/control/group-controls.js';
import { Redrives } from '../../consumer/control/redrives.js';
import { UnreadableRanges } from '../../consumer/control/unreadable-ranges.js';
import { placesOf } from '../../consumer/group/places.js';
import { tenantryError } from '../../core/errors.js';
import { controlTopic, deadLetterTopic } from '../../routing/naming.js';
import type { GroupOffsets } from '../../transport/port.js';
import { REQUEST_TIMEOUT_MS, type Cluster } from '../cluster.js';
import { commandClock } from '../command-clock.js';

const STOP_MS = 2_000;

/** Tells a running group what to do, as one of its members would, without being one. */
export async function withGroupControls<T>(
  { transport }: Pick<Cluster, 'transport'>,
  offsets: GroupOffsets,
  { groupId, topics }: { readonly groupId: string; readonly topics: readonly string[] },
  work: (controls: GroupControls) => Promise<T>,
): Promise<T> {
  const topic = controlTopic(groupId);
  // Before anything is begun: reading a topic that is not there would only wait.
  await offsets.partitionCount(topic, REQUEST_TIMEOUT_MS);
  const redrives = new Redrives();
  const unreadable = new UnreadableRanges();
  const producer = transport.createProducer();
  const createReader = (): ReturnType<typeof transport.createReader> =>
    transport.createReader({ groupId, clientIdSuffix: 'cli-control' });
  const log = new ControlLog({
    clock: commandClock,
    telemetry: { log: () => undefined },
    topic,
    createReader,
    logRange: (place) => offsets.logRange(place, REQUEST_TIMEOUT_MS),
    producer,
    onControl: (control, offset) => {
      if (control.kind === 'redrive') redrives.add(control, offset);
      else if (control.kind === 'unreadable') unreadable.add(control);
    },
    onRemade: () => {
      redrives.clear();
      unreadable.clear();
    },
    onPosition: () => undefined,
  });
  const controls = new GroupControls({
    clock: commandClock,
    consumer: {
      findsTimes: true,
      committed: (places, timeoutMs) => offsets.committed(places, timeoutMs),
      logRange: (place, timeoutMs) => offsets.logRange(place, timeoutMs),
      partitionCount: (name, timeoutMs) => offsets.partitionCount(name, timeoutMs),
      logIdentity: (place) => offsets.logIdentity(place),
      offsetForTime: (place, timeMs, timeoutMs) => offsets.offsetForTime(place, timeMs, timeoutMs),
    },
    createReader,
    redrives,
    deadLetterTopics: new Map(topics.map((name) => [name, deadLetterTopic(groupId, name)])),
    givenUpUntil: (place, offset) => unreadable.endOf(place, offset),
    stopped: new AbortController().signal,
    log,
    topics,
  });
  await producer.connect();
  log.start();
  try {
    return await work(controls);
  } finally {
    await log.stop(STOP_MS);
    await producer.disconnect(REQUEST_TIMEOUT_MS);
  }
}

/**
 * Of these topics those that the group reads: it has committed something there.
 *
 * @throws TenantryError `INVALID_STATE` where it reads none
 */
export async function topicsRead(
  offsets: GroupOffsets,
  groupId: string,
  topics: readonly string[],
): Promise<readonly string[]> {
  const read: string[] = [];
  for (const topic of topics) {
    const places = await placesOf(topic, offsets, REQUEST_TIMEOUT_MS);
    const committed = await offsets.committed(places, REQUEST_TIMEOUT_MS);
    if (committed.some(({ offset }) => offset !== undefined)) read.push(topic);
  }
  if (read.length > 0) return read;
  throw tenantryError(
    'INVALID_STATE',
    `group ${groupId} has committed nothing in a topic with a dead-letter topic of its own: look whether the name is right, and whether it ever ran`,
  );
}
