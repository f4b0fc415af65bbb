import { PartitionScan } from '../../consumer/control/partition-scan.js';
import { tenantryError } from '../../core/errors.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { GroupOffsets, ReaderListener, TopicPartition, Transport } from '../../transport/port.js';
import { REQUEST_TIMEOUT_MS } from '../cluster.js';
import { commandClock } from '../command-clock.js';

/** What reading stands on. */
export interface Reading {
  readonly transport: Transport;
  readonly offsets: GroupOffsets;
  /** Whose permission to read is used; it is neither joined nor changed. */
  readonly groupId: string;
}

/** Offsets of a partition, without the last. */
export interface Range extends TopicPartition {
  readonly from: number;
  readonly until: number;
}

/** Reads each range once, one after the other, as far as it is in its log now. */
export async function readRanges(
  { transport, offsets, groupId }: Reading,
  ranges: readonly Range[],
  visit: (record: ReceivedRecord) => void,
): Promise<void> {
  const toRead = ranges.filter(({ from, until }) => from < until);
  if (toRead.length === 0) return;
  const dead = new AbortController();
  const scan = new PartitionScan({
    clock: commandClock,
    createReader: () => {
      const reader = transport.createReader({ groupId, clientIdSuffix: 'cli' });
      const connect = reader.connect.bind(reader);
      return Object.assign(reader, {
        connect: (listener: ReaderListener) =>
          connect({
            ...listener,
            onError: (fault) => {
              // A worker would wait for somebody to mend it.
              if (fault.kind === 'fatal') dead.abort(fault.reason);
              else listener.onError(fault);
            },
          }),
      });
    },
    logRange: async (place) => {
      const { lowOffset, highOffset } = await offsets.logRange(place, REQUEST_TIMEOUT_MS);
      const { from, until } = rangeAt(toRead, place);
      return { lowOffset: Math.max(lowOffset, from), highOffset: Math.min(highOffset, until) };
    },
    visit: (record) => {
      if (record.offset >= rangeAt(toRead, record).from) visit(record);
    },
    givenUpUntil: () => undefined,
    signal: dead.signal,
  });
  try {
    await scan.run(toRead);
  } catch (error) {
    throw dead.signal.aborted ? notReadable(toRead, String(dead.signal.reason)) : error;
  }
}

function notReadable(ranges: readonly Range[], reason: string): Error {
  const topics = [...new Set(ranges.map(({ topic }) => topic))].join(', ');
  return tenantryError('ADMIN_FAILED', `${topics} cannot be read: ${reason}`, { reason });
}

function rangeAt(ranges: readonly Range[], { topic, partition }: TopicPartition): Range {
  const found = ranges.find((range) => range.topic === topic && range.partition === partition);
  return found ?? { topic, partition, from: 0, until: 0 };
}

/** All that is in topics now. A topic that is not there is an error. */
export async function wholeTopics(offsets: GroupOffsets, topics: readonly string[]): Promise<readonly Range[]> {
  const ranges: Range[] = [];
  for (const topic of topics) {
    const count = await offsets.partitionCount(topic, REQUEST_TIMEOUT_MS);
    for (let partition = 0; partition < count; partition += 1) {
      const { lowOffset, highOffset } = await offsets.logRange({ topic, partition }, REQUEST_TIMEOUT_MS);
      ranges.push({ topic, partition, from: lowOffset, until: highOffset });
    }
  }
  return ranges;
}
