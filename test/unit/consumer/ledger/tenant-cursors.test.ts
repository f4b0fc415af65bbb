// What tenants get from cursors, on the whole engine over a fake cluster.
import { describe, expect, it } from 'vitest';
import type { ConsumerOptions } from '../../../../src/api/consumer.js';
import { decodeMetadata, logHash } from '../../../../src/consumer/ledger/commit-metadata.js';
import { fingerprintOf } from '../../../../src/consumer/ledger/record-owner.js';
import { delay } from '../../../../src/core/clock.js';
import { quarantineTopic } from '../../../../src/routing/naming.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

const OPTIONS: ConsumerOptions = { maxBufferedRecords: 20, concurrency: 8, commitIntervalMs: 100 };

interface Reading {
  readonly harness: ConsumeHarness;
  readonly process: ConsumerProcess;
  /** Ids of the events that were handled, in order. */
  readonly done: string[];
}

/** Starts a worker whose handlers take as long as their tenant's do. */
async function reading(
  harness: ConsumeHarness,
  handlerMs: (tenant: string) => number,
  options: ConsumerOptions = OPTIONS,
): Promise<Reading> {
  const done: string[] = [];
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, async (event) => {
        const ms = handlerMs(event.tenantId);
        if (ms > 0) await delay(process.clock, ms);
        done.push(event.id);
      }),
    { options },
  );
  await harness.clock.advance(5);
  return { harness, process, done };
}

function write(harness: ConsumeHarness, tenant: string, count: number, from = 0): void {
  for (let index = from; index < from + count; index += 1) {
    harness.kafka.append(eventRecord({ tenant, aggregate: `n${index}`, eventId: `${tenant}-${index}`, partition: 0 }));
  }
}

const of = (done: readonly string[], tenant: string): string[] => done.filter((id) => id.startsWith(`${tenant}-`));
const inOrder = (tenant: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${tenant}-${at}`);

describe('threat 48: a tenant that floods', () => {
  it('delays no other: their events are handled while it has thousands waiting', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'noisy', 2_000);
    const { done } = await reading(harness, (tenant) => (tenant === 'noisy' ? 1_000 : 10));
    await harness.clock.advance(500);
    for (let round = 0; round < 5; round += 1) {
      write(harness, `quiet${round}`, 2);
      await harness.clock.advance(150);
      expect(of(done, `quiet${round}`)).toEqual(inOrder(`quiet${round}`, 2));
    }
  });

  it('gets everything that nobody else wants, each event once and in order', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'noisy', 1_000);
    const { process, done } = await reading(harness, () => 10);
    // 7 of 8 slots may be one tenant's: 100 events a second each.
    await harness.clock.advance(1_000);
    expect(done.length).toBeGreaterThan(600);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect([...done].sort()).toEqual(inOrder('noisy', 1_000).sort());
    expect(harness.committed()).toBe(1_000);
  });

  it('holds no more memory however long its flood is, and is read once more for being parked', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'noisy', 3_000);
    const { process } = await reading(harness, () => 10);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    const reader = process.transport.readers.find(({ reads }) => reads.some(({ topic }) => topic === 'notes'));
    expect(reader?.reads.length).toBeLessThan(300);
    expect(process.consumer.counts().handled).toBe(3_000);
  });

  it('with forged records only parks the tenant that they name, also while quarantine is away', async () => {
    const harness = new ConsumeHarness();
    for (let index = 0; index < 500; index += 1) {
      harness.kafka.append(eventRecord({ tenant: 'globex', key: Buffer.from(`acme:${index}`) }));
      harness.kafka.append(eventRecord({ key: Buffer.from(`no tenant ${index}`) }));
    }
    harness.kafka.faults.produce = (record) =>
      record.topic === quarantineTopic('notes') ? { kind: 'failed', reason: 'away' } : undefined;
    const { process, done } = await reading(harness, () => 1);
    write(harness, 'quiet', 20);
    await harness.clock.advance(1_000);
    expect(done).toHaveLength(20);
    expect(harness.committed()).toBe(0);
    harness.kafka.faults.produce = () => undefined;
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(harness.quarantined).toHaveLength(1_000);
    expect(harness.committed()).toBe(1_020);
  });
});

describe('parked tenants', () => {
  it('do not wait for each other: one with slow handlers holds up neither of the others', async () => {
    const harness = new ConsumeHarness();
    for (let index = 0; index < 300; index += 1) {
      for (const tenant of ['slow', 'quick', 'swift']) write(harness, tenant, 1, index);
    }
    const { done } = await reading(harness, (tenant) => (tenant === 'slow' ? 2_000 : 5));
    await harness.clock.advance(6_000);
    expect([of(done, 'quick').length, of(done, 'swift').length]).toEqual([300, 300]);
    expect(of(done, 'slow').length).toBeGreaterThan(10);
  });

  it('do not wait for one that a run comes by on its way', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'quick', 100);
    for (let index = 0; index < 200; index += 1) {
      write(harness, 'slow', 1, index);
      write(harness, 'quick', 1, 100 + index);
    }
    const { done } = await reading(harness, (tenant) => (tenant === 'slow' ? 5_000 : 5));
    await harness.clock.advance(4_000);
    expect([of(done, 'quick').length, of(done, 'slow').length]).toEqual([300, 0]);
  });

  it('whose handlers never end hold up nobody, and the commit says where each of them is', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'hangs', 200);
    const { done } = await reading(harness, (tenant) => (tenant === 'hangs' ? 86_400_000 : 1));
    write(harness, 'quiet', 300);
    await harness.clock.advance(3_000);
    expect(of(done, 'quiet')).toHaveLength(300);
    const kept = harness.kafka.group(GROUP).committed({ topic: 'notes', partition: 0 });
    const told = decodeMetadata(kept.metadata, kept.offset ?? -1, logHash('cluster/notes/0'));
    expect(told).toMatchObject({ watermark: 0, head: 500 });
    expect(told?.cursors.map(({ fingerprint }) => fingerprint)).toEqual([fingerprintOf('hangs')]);
    // Far fewer than the 200 are held.
    expect(told?.cursors[0]?.offset).toBeLessThan(20);
  });

  it('are handled after a crash from where they were, and what others have done is not repeated', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'slow', 200);
    const first = await reading(harness, (tenant) => (tenant === 'slow' ? 60_000 : 1));
    write(harness, 'quick', 100);
    await harness.clock.advance(2_000);
    expect(of(first.done, 'quick')).toHaveLength(100);
    first.process.kill();
    const second = await reading(harness, () => 1);
    await harness.clock.advanceUntil(second.process.consumer.caughtUp());
    expect(second.done).toEqual(inOrder('slow', 200));
  });

  it('are read for only once what runs for them has come again: an earlier event of a key stays the first', async () => {
    const harness = new ConsumeHarness();
    for (let index = 0; index < 100; index += 1) {
      harness.kafka.append(eventRecord({ tenant: 'slow', aggregate: 'n1', eventId: `slow-${index}` }));
    }
    const first = await reading(harness, () => 60_000);
    await harness.clock.advance(2_000);
    first.process.kill();
    harness.kafka.faults.holdBack = (client) => client === 'group' && harness.clock.monotonicMs() < 8_000;
    const second = await reading(harness, () => 1);
    await harness.clock.advanceUntil(second.process.consumer.caughtUp());
    expect(second.done).toEqual(inOrder('slow', 100));
  });

  it('are not resurrected where their records have left the log: the loss is told', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'slow', 100);
    let slowMs = 2_000;
    const { process, done } = await reading(harness, (tenant) => (tenant === 'slow' ? slowMs : 1));
    write(harness, 'quick', 10);
    await harness.clock.advance(1_000);
    harness.kafka.log('notes').dropBelow(60);
    slowMs = 1;
    await harness.clock.advance(60_000);
    expect(process.logger.of('recordsLost')).toMatchObject([{ partition: 0, toOffset: 60 }]);
    expect(of(done, 'slow').at(-1)).toBe('slow-99');
    expect(of(done, 'slow')).not.toContain('slow-59');
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(harness.committed()).toBe(110);
  });

  it('come to the head across gaps, aborted ends and compacted ranges', async () => {
    const harness = new ConsumeHarness();
    const log = harness.kafka.log('notes');
    for (let index = 0; index < 100; index += 1) {
      write(harness, 'slow', 1, index);
      log.skip(index % 3);
    }
    log.skip(5);
    const { process, done } = await reading(harness, () => 20);
    await harness.clock.advance(100);
    log.compact((offset) => offset > 60 && offset < 150);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(harness.committed()).toBe(log.range.highOffset);
    expect(new Set(done).size).toBe(done.length);
  });

  it('of a partition that goes are left to its next owner', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'slow', 100);
    const first = await reading(harness, () => 200);
    const second = await reading(harness, () => 1);
    harness.kafka.group(GROUP).give({ topic: 'notes', partition: 0 }, second.process.member);
    await harness.clock.advance(5_000);
    expect([...first.done, ...second.done]).toEqual(inOrder('slow', 100));
    expect(harness.kafka.misuses).toEqual([]);
  });
});

describe('threat 49: very many tenants', () => {
  it('each seen once leave nothing behind', async () => {
    const harness = new ConsumeHarness();
    const { process, done } = await reading(harness, () => 0);
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 500; index += 1) write(harness, `t${round}x${index}`, 1);
      await harness.clock.advance(1_000);
    }
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(done).toHaveLength(10_000);
    expect(harness.committed()).toBe(10_000);
  });
});

describe('handlers that only use the processor', () => {
  it('let timers have their turn', async () => {
    const harness = new ConsumeHarness();
    const process = await harness.start((consumer) =>
      consumer.on(Noted, () => {
        process.clock.burn(4);
        handled += 1;
      }),
    );
    let handled = 0;
    let handledBefore: number | undefined;
    write(harness, 'acme', 50);
    harness.clock.setTimer(1, () => {
      process.clock.setTimer(0, () => (handledBefore = handled));
    });
    await harness.clock.advance(1_000);
    expect(handled).toBe(50);
    expect(handledBefore).toBeLessThan(10);
  });
});
