import { describe, expect, it } from 'vitest';
import { delay } from '../../../../src/core/clock.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../../support/consume-harness.js';
import type { FakeReader } from '../../../support/fake-reader.js';
import { eventRecord } from '../../../support/records.js';

const RECORDS = 200;

/** A consumer whose only tenant is parked: the second reader, which is the last one made, has much to read. */
async function parked(harness: ConsumeHarness): Promise<{
  process: ConsumerProcess;
  seen: Set<string>;
  readers: readonly FakeReader[];
}> {
  const seen = new Set<string>();
  for (let index = 0; index < RECORDS; index += 1)
    harness.kafka.append(eventRecord({ eventId: `e${index}`, aggregate: `n${index}` }));
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, async ({ id }) => {
        await delay(process.clock, 400);
        seen.add(id);
      }),
    { options: { maxBufferedRecords: 20, concurrency: 4 } },
  );
  await harness.clock.advance(2_000);
  return { process, seen, readers: process.transport.readers };
}

describe('a second reader whose client dies', () => {
  it('gets another one, which reads on for the parked tenants; nothing is lost or handled twice', async () => {
    const harness = new ConsumeHarness();
    const { process, seen, readers } = await parked(harness);
    const before = readers.length;
    readers.at(-1)?.die();
    await harness.clock.advance(60_000);
    expect(seen.size).toBe(RECORDS);
    expect(process.consumer.counts().handled).toBe(RECORDS);
    expect(harness.committed()).toBe(RECORDS);
    expect(readers).toHaveLength(before + 1);
    expect(readers[before - 1]?.disconnected).toBe(true);
    expect(process.consumer.health().status).toBe('live');
  });

  it('is said by health while no other client can be made, and tried less and less often', async () => {
    const harness = new ConsumeHarness();
    const { process, seen, readers } = await parked(harness);
    const before = readers.length;
    harness.kafka.faults.connect = () => new Error('no broker answers');
    readers.at(-1)?.die();
    await harness.clock.advance(31_500);
    expect(process.consumer.health()).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringMatching(/^parked tenants wait, .*no broker answers$/)],
    });
    expect(readers).toHaveLength(before + 5); // after 1, 2, 4, 8 and 16 s
    await harness.clock.advance(600_000);
    expect(readers.length).toBeLessThanOrEqual(before + 16);
    harness.kafka.faults.connect = () => undefined;
    await harness.clock.advance(120_000);
    expect(seen.size).toBe(RECORDS);
    expect(process.consumer.health().status).toBe('live');
  });

  it('after it has brought something is replaced soon again', async () => {
    const harness = new ConsumeHarness();
    const { seen, readers } = await parked(harness);
    const before = readers.length;
    for (let deaths = 0; deaths < 6; deaths += 1) {
      readers.at(-1)?.die();
      await harness.clock.advance(2_500);
    }
    expect(readers).toHaveLength(before + 6);
    await harness.clock.advance(25_000);
    expect(seen.size).toBe(RECORDS);
  });

  it('does not hold up a stop', async () => {
    const harness = new ConsumeHarness();
    const { process, readers } = await parked(harness);
    harness.kafka.faults.connect = () => new Error('no broker answers');
    readers.at(-1)?.die();
    await harness.clock.advance(31_500);
    const made = readers.length;
    const startMs = harness.clock.monotonicMs();
    await harness.clock.advanceUntil(process.consumer.stop({ timeoutMs: 5_000 }));
    expect(harness.clock.monotonicMs() - startMs).toBeLessThan(2_000);
    await harness.clock.advance(120_000);
    expect(readers).toHaveLength(made);
  });
});
