import { describe, expect, it } from 'vitest';
import { encodeMetadata, logHash, MAX_METADATA_CHARACTERS } from '../../../../src/consumer/ledger/commit-metadata.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

const LOG = logHash('cluster/notes/0');

function write(harness: ConsumeHarness, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const at = harness.kafka.log('notes').range.highOffset;
    harness.kafka.append(eventRecord({ eventId: `e${at}`, aggregate: `n${at}` }));
  }
}

/** Leaves a commit behind, as a predecessor or another tool. */
function commit(harness: ConsumeHarness, offset: number, metadata = ''): void {
  harness.kafka.group(GROUP).commits.set('notes/0', {
    topic: 'notes',
    partition: 0,
    offset,
    metadata,
    leaderEpoch: 3,
    member: 'before',
  });
}

async function started(
  harness: ConsumeHarness,
  startFrom: 'earliest' | 'latest' = 'earliest',
): Promise<{ process: ConsumerProcess; seen: string[] }> {
  const seen: string[] = [];
  const process = await harness.start((consumer) => consumer.on(Noted, ({ id }) => void seen.push(id)), {
    options: { startFrom },
  });
  await harness.clock.advance(300);
  return { process, seen };
}

const metadata = (watermark: number, head: number, ...taken: number[]): string =>
  encodeMetadata(
    { watermark, head, cursors: [], taken: taken.map((start) => ({ start, length: 1 })) },
    LOG,
    MAX_METADATA_CHARACTERS,
  ).text;

describe('the first start of a group', () => {
  it.each([
    ['earliest', 2, ['e2', 'e3', 'e4', 'e5']],
    ['latest', 5, ['e5']],
  ] as const)('from %s is resolved and committed before anything is read', async (startFrom, start, expected) => {
    const harness = new ConsumeHarness();
    write(harness, 5);
    harness.kafka.log('notes').dropBelow(2);
    const commits: number[] = [];
    const readBefore: number[] = [];
    const { seen } = await (async () => {
      const seenBefore: string[] = [];
      harness.kafka.onCommit = ({ offset }) => {
        commits.push(offset);
        readBefore.push(seenBefore.length);
      };
      return started(harness, startFrom);
    })();
    expect([commits[0], readBefore[0]]).toEqual([start, 0]);
    write(harness, 1);
    await harness.clock.advance(300);
    expect(seen).toEqual(expected);
  });

  it('whose commit is refused is not read until it is committed', async () => {
    const harness = new ConsumeHarness();
    write(harness, 1);
    let refuse = true;
    harness.kafka.faults.commit = () => (refuse ? 'refuse' : undefined);
    const { process, seen } = await started(harness, 'latest');
    write(harness, 1);
    await harness.clock.advance(10_000);
    expect(seen).toEqual([]);
    process.kill();
    // Another one takes over: it starts where nothing was read, or later records would be lost.
    refuse = false;
    const next = await started(harness, 'latest');
    write(harness, 1);
    await harness.clock.advance(3_000);
    expect([seen, next.seen]).toEqual([[], ['e2']]);
  });

  it('waits for a broker that does not answer', async () => {
    const harness = new ConsumeHarness();
    write(harness, 2);
    let away = true;
    harness.kafka.faults.lookup = () => away;
    const { process, seen } = await started(harness);
    await harness.clock.advance(60_000);
    expect(seen).toEqual([]);
    expect(process.logger.of('assignmentDelayed').length).toBeGreaterThan(10);
    away = false;
    await harness.clock.advance(3_000);
    expect(seen).toEqual(['e0', 'e1']);
  });
});

describe('a start where the group left off', () => {
  it('delivers what was unfinished, then what was not begun', async () => {
    const harness = new ConsumeHarness();
    write(harness, 9);
    commit(harness, 2, metadata(2, 7, 2, 5));
    const { process, seen } = await started(harness);
    expect(seen).toEqual(['e2', 'e5', 'e7', 'e8']);
    expect(process.logger.of('metadataIgnored')).toEqual([]);
    await harness.clock.advance(2_000);
    expect(harness.committed()).toBe(9);
  });

  it.each([
    [
      'of another log',
      () => encodeMetadata({ watermark: 2, head: 7, cursors: [], taken: [] }, logHash('x'), 4_000).text,
    ],
    ['of another offset, as after a reset', () => metadata(1, 7, 5)],
    ['of another tool', () => 'reset by hand'],
  ])('with metadata %s delivers from the offset, and warns', async (_what, text) => {
    const harness = new ConsumeHarness();
    write(harness, 5);
    commit(harness, 2, text());
    const { process, seen } = await started(harness);
    expect(seen).toEqual(['e2', 'e3', 'e4']);
    expect(process.logger.of('metadataIgnored')).toEqual([
      { event: 'metadataIgnored', topic: 'notes', partition: 0, offset: 2 },
    ]);
  });

  it('without metadata delivers from the offset, and says nothing', async () => {
    const harness = new ConsumeHarness();
    write(harness, 5);
    commit(harness, 2);
    const { process, seen } = await started(harness);
    expect(seen).toEqual(['e2', 'e3', 'e4']);
    expect(process.logger.entries.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it.each([
    ['that retention has taken', 1, 2, 3, ['e3', 'e4'], { fromOffset: 1, toOffset: 3 }],
    ['beyond the end of the log', 40, 50, 0, ['e0', 'e1', 'e2', 'e3', 'e4'], { fromOffset: 5, toOffset: 50 }],
    [
      'of a log that was read further than it goes',
      4,
      8,
      0,
      ['e0', 'e1', 'e2', 'e3', 'e4'],
      { fromOffset: 5, toOffset: 8 },
    ],
  ])('at an offset %s reports the loss and goes on', async (_what, offset, head, low, expected, loss) => {
    const harness = new ConsumeHarness();
    write(harness, 5);
    harness.kafka.log('notes').dropBelow(low);
    commit(harness, offset, metadata(offset, head));
    const { process, seen } = await started(harness);
    expect(seen).toEqual(expected);
    expect(process.logger.of('recordsLost')).toEqual([
      { event: 'recordsLost', topic: 'notes', partition: 0, code: 'RECORDS_LOST', ...loss },
    ]);
    write(harness, 1);
    await harness.clock.advance(2_000);
    expect(seen.at(-1)).toBe('e5');
    expect(harness.committed()).toBe(6);
  });

  it('that retention has taken, in a log that ends before its head, reports both losses', async () => {
    const harness = new ConsumeHarness();
    write(harness, 5);
    harness.kafka.log('notes').dropBelow(3);
    commit(harness, 1, metadata(1, 8, 1));
    const { process, seen } = await started(harness);
    expect(seen).toEqual(['e3', 'e4']);
    expect(process.logger.of('recordsLost')).toMatchObject([
      { fromOffset: 1, toOffset: 3 },
      { fromOffset: 5, toOffset: 8 },
    ]);
  });
});
