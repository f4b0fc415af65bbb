import { describe, expect, it } from 'vitest';
import { decodeMetadata, logHash } from '../../../../src/consumer/ledger/commit-metadata.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

const LOG = logHash('cluster/notes/0');

function write(harness: ConsumeHarness, count: number, aggregate?: string): void {
  for (let index = 0; index < count; index += 1) {
    const at = harness.kafka.log('notes').range.highOffset;
    harness.kafka.append(eventRecord({ eventId: `e${at}`, aggregate: aggregate ?? `n${at}` }));
  }
}

/** Handlers of these ids wait until they are let go. */
async function reading(
  harness: ConsumeHarness,
  waiting: ReadonlySet<string>,
): Promise<{ process: ConsumerProcess; seen: string[]; letGo: Map<string, () => void> }> {
  const seen: string[] = [];
  const letGo = new Map<string, () => void>();
  const process = await harness.start(
    (consumer) =>
      consumer.on(Noted, ({ id }) => {
        seen.push(id);
        return waiting.has(id) ? new Promise<void>((resolve) => letGo.set(id, resolve)) : undefined;
      }),
    { options: { handlerTimeoutMs: 86_400_000 } },
  );
  await harness.clock.advance(50);
  return { process, seen, letGo };
}

const told = (harness: ConsumeHarness): unknown => {
  const { offset, metadata } = harness.kafka.group(GROUP).committed({ topic: 'notes', partition: 0 });
  return decodeMetadata(metadata, offset ?? -1, LOG);
};

describe('a commit', () => {
  it('carries what lies beyond the watermark, also where only that has changed', async () => {
    const harness = new ConsumeHarness();
    write(harness, 3);
    await reading(harness, new Set(['e0']));
    await harness.clock.advance(1_500);
    expect(told(harness)).toMatchObject({ watermark: 0, head: 3, cursors: [], taken: [{ start: 0, length: 1 }] });
    write(harness, 4);
    await harness.clock.advance(1_500);
    expect(told(harness)).toMatchObject({ watermark: 0, head: 7, cursors: [], taken: [{ start: 0, length: 1 }] });
  });

  it('is not sent where nothing has changed', async () => {
    const harness = new ConsumeHarness();
    let commits = 0;
    harness.kafka.onCommit = ({ topic }) => {
      if (topic === 'notes') commits += 1;
    };
    write(harness, 3);
    await reading(harness, new Set());
    await harness.clock.advance(60_000);
    expect(commits).toBe(2); // the start, and the three
  });

  it('that is refused is sent again with what has come since; the third says so in health', async () => {
    const harness = new ConsumeHarness();
    write(harness, 1);
    const { process } = await reading(harness, new Set());
    harness.kafka.faults.commit = () => 'refuse';
    await harness.clock.advance(10_000);
    expect(process.consumer.health().status).toBe('degraded');
    expect(process.logger.of('commitFailed').length).toBeGreaterThanOrEqual(3);
    harness.kafka.faults.commit = () => undefined;
    write(harness, 1);
    await harness.clock.advance(2_000);
    expect([harness.committed(), process.consumer.health().status]).toEqual([2, 'live']);
  });

  it('is under way once for a partition, however slow the broker is', async () => {
    const harness = new ConsumeHarness();
    harness.kafka.delays.commit = 4_000;
    write(harness, 1);
    const { process } = await reading(harness, new Set());
    let underWay = 0;
    let most = 0;
    const { member } = process;
    const { commit } = member;
    member.commit = async (request) => {
      if (request.topic !== 'notes') return commit.call(member, request);
      most = Math.max(most, (underWay += 1));
      const result = await commit.call(member, request);
      underWay -= 1;
      return result;
    };
    for (let turn = 0; turn < 20; turn += 1) {
      write(harness, 1);
      await harness.clock.advance(1_000);
    }
    expect(most).toBe(1);
    await harness.clock.advance(10_000);
    expect(harness.committed()).toBe(21);
  });

  it('of metadata that is too large is tried again at once with half, down to none', async () => {
    const harness = new ConsumeHarness();
    write(harness, 40);
    const odd = new Set(Array.from({ length: 20 }, (_, index) => `e${2 * index}`));
    const { process, letGo } = await reading(harness, odd);
    harness.kafka.maxMetadataCharacters = 60;
    await harness.clock.advance(1_500);
    const { metadata } = harness.kafka.group(GROUP).committed({ topic: 'notes', partition: 0 });
    expect(metadata.length).toBeLessThanOrEqual(60);
    expect(told(harness)).toMatchObject({ watermark: 0, head: expect.any(Number) });
    expect((told(harness) as { head: number }).head).toBeLessThan(39);
    harness.kafka.maxMetadataCharacters = 0;
    letGo.get('e0')?.();
    await harness.clock.advance(2_500);
    expect([harness.committed(), told(harness)]).toEqual([2, undefined]);
    expect(process.consumer.health().status).toBe('live');
  });

  it('the last one waits for the one under way, also where that has to be made smaller', async () => {
    const harness = new ConsumeHarness();
    write(harness, 10);
    const { process, letGo } = await reading(harness, new Set(['e0', 'e2', 'e4', 'e6', 'e8']));
    harness.kafka.maxMetadataCharacters = 0;
    harness.kafka.delays.commit = 700;
    await harness.clock.advance(1_000); // a commit is under way, and will be refused for its metadata
    for (const settle of letGo.values()) settle();
    await harness.clock.advanceUntil(process.consumer.stop());
    expect(harness.committed()).toBe(10);
    expect(harness.kafka.misuses).toEqual([]);
  });
});

describe('reading', () => {
  it('stops where a crash would redeliver too much, says so, and goes on', async () => {
    const harness = new ConsumeHarness();
    write(harness, 1);
    const { process, seen, letGo } = await reading(harness, new Set(['e0']));
    harness.kafka.maxMetadataCharacters = 0;
    harness.kafka.log('notes').skip(90_000);
    write(harness, 1);
    await harness.clock.advance(3_000);
    expect([seen.length, process.member.paused]).toEqual([2, []]);
    harness.kafka.log('notes').skip(20_000);
    write(harness, 1);
    await harness.clock.advance(3_000);
    expect([seen.length, process.member.paused.length]).toEqual([3, 1]);
    expect(process.consumer.health()).toMatchObject({ status: 'degraded' });
    write(harness, 1);
    await harness.clock.advance(20_000);
    expect(seen).toHaveLength(3);
    letGo.get('e0')?.();
    await harness.clock.advance(20_000);
    expect([seen.length, process.member.paused]).toEqual([4, []]);
    expect(harness.committed()).toBe(harness.kafka.log('notes').range.highOffset);
    expect(process.consumer.health().status).toBe('live');
  });
});
