import type { LogRange, TopicPartition } from '../../transport/port.js';
import { shownTime } from '../shown-time.js';
import type { Extent, KeyUsage, TopicTally } from './key-usages.js';

/** What was read of one topic, and how far. */
export interface TopicReport {
  readonly topic: string;
  readonly tally: Readonly<TopicTally>;
  readonly partitions: readonly (TopicPartition & { readonly range: LogRange })[];
}

/** For programs. Offsets `from` up to, not including, `until` were read. */
export function usageJson(topics: readonly TopicReport[], usages: readonly KeyUsage[], withDataKeys: boolean): object {
  return {
    topics: topics.map(({ topic, tally, partitions }) => ({
      topic,
      records: recordsOf(tally),
      ...tally,
      partitions: partitions.map(({ partition, range }) => ({
        partition,
        from: range.lowOffset,
        until: range.highOffset,
      })),
    })),
    keys: usages.map((usage) => ({
      tenant: usage.tenantId,
      keyId: usage.keyId,
      ...extentJson(usage),
      lastOffsets: Object.fromEntries(usage.lastOffsets),
      ...(withDataKeys && {
        dataKeys: [...usage.dataKeys].map(([dataKeyId, extent]) => ({ dataKeyId, ...extentJson(extent) })),
      }),
    })),
  };
}

/** For people. */
export function usageText(topics: readonly TopicReport[], usages: readonly KeyUsage[]): string {
  const tenants = [...new Set(usages.map(({ tenantId }) => tenantId))].map((tenantId) => {
    const keys = usages.filter((usage) => usage.tenantId === tenantId).map(keyText);
    return `${tenantId}\n${keys.join('')}`;
  });
  return [...topics.map(topicText), ...(tenants.length === 0 ? ['No key is named.\n'] : tenants)].join('\n');
}

function topicText({ topic, tally, partitions }: TopicReport): string {
  const parts = TALLY_TEXT.filter(([name]) => tally[name] > 0).map(([name, text]) => `${tally[name]} ${text}`);
  const lines = partitions.map(({ partition, range: { lowOffset, highOffset } }) => {
    const read = lowOffset < highOffset ? `offsets ${lowOffset} to ${highOffset - 1}` : `empty, ${highOffset} is next`;
    return `  ${topic}/${partition}   ${read}\n`;
  });
  return `${topic}: ${[recordsText(recordsOf(tally)), ...parts].join(', ')}\n${lines.join('')}`;
}

const TALLY_TEXT: readonly (readonly [keyof TopicTally, string])[] = [
  ['sealed', 'sealed'],
  ['unsealed', 'not sealed'],
  ['noTenant', 'sealed under a record key that names no tenant'],
  ['malformed', 'with a seal that is not well-formed'],
  ['unsupported', 'of a version that this one does not read: they may need any key'],
];

function keyText({ keyId, lastOffsets, dataKeys, ...extent }: KeyUsage): string {
  const places = [...lastOffsets].map(([place, offset]) => `    last at ${offset} in ${place}\n`);
  const deks = [...dataKeys].map(([dataKeyId, each]) => `    data key ${dataKeyId}   ${extentText(each)}\n`);
  return `  key ${keyId}   ${extentText(extent)}\n${places.join('')}${deks.join('')}`;
}

function extentText({ records, firstMs, lastMs }: Extent): string {
  return `${recordsText(records)}, ${shownTime(firstMs)} to ${shownTime(lastMs)}`;
}

function extentJson({ records, firstMs, lastMs }: Extent): object {
  return { records, firstAt: shownTime(firstMs), lastAt: shownTime(lastMs) };
}

function recordsOf(tally: Readonly<TopicTally>): number {
  return Object.values(tally).reduce((sum, count) => sum + count, 0);
}

function recordsText(count: number): string {
  return count === 1 ? '1 record' : `${count} records`;
}
