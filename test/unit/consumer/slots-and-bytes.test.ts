import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { deadLetterTopic } from '../../../src/routing/naming.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

function write(h: ConsumeHarness, tenant: string, count: number, from = 0, size = 0): void {
  for (let i = from; i < from + count; i += 1)
    h.kafka.append(
      eventRecord({
        tenant,
        aggregate: `n${i}`,
        eventId: `${tenant}-${i}`,
        partition: 0,
        data: { id: 'n', text: 'x'.repeat(size) },
      }),
    );
}

it('records of half the byte bound hold up nobody else', async () => {
  const h = new ConsumeHarness();
  const done: string[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async (e) => {
        await delay(p.clock, e.tenantId === 'huge' ? 20_000 : 1);
        done.push(e.id);
      }),
    { options: { maxBufferedBytes: 1_000_000, commitIntervalMs: 100 } },
  );
  write(h, 'huge', 40, 0, 510_000);
  await h.clock.advance(1_000);
  const at = h.clock.monotonicMs();
  write(h, 'quiet', 1);
  let waited = -1;
  for (let i = 0; i < 100 && waited < 0; i += 1) {
    await h.clock.advance(1_000);
    if (done.includes('quiet-0')) waited = h.clock.monotonicMs() - at;
  }
  expect(waited).toBeLessThan(5_000);
});

it('a dead-letter topic that is away takes nobody’s slots', async () => {
  const time = async (bad: number): Promise<number> => {
    const h = new ConsumeHarness();
    h.kafka.faults.produce = (r) =>
      r.topic === deadLetterTopic(GROUP, 'notes') ? { kind: 'failed', reason: 'away' } : undefined;
    let done = 0;
    const p: ConsumerProcess = await h.start(
      (c) =>
        c.on(Noted, async (e) => {
          if (e.tenantId === 'bad') throw new Error('x');
          await delay(p.clock, 20);
          done += 1;
        }),
      { options: { commitIntervalMs: 100, retry: { attempts: 1 } } },
    );
    write(h, 'bad', bad);
    await h.clock.advance(1_000);
    const at = h.clock.monotonicMs();
    for (let i = 0; i < 40; i += 1) for (let q = 0; q < 10; q += 1) write(h, `quiet${q}`, 1, i);
    while (done < 400 && h.clock.monotonicMs() - at < 100_000) await h.clock.advance(10);
    return h.clock.monotonicMs() - at;
  };
  const [a, b] = [await time(0), await time(60)];
  expect(b).toBeLessThan(a * 3);
});

it('stop ends runs that wait', async () => {
  const h = new ConsumeHarness();
  write(h, 'slow', 500);
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async () => {
        await delay(p.clock, 300);
      }),
    { options: { maxBufferedRecords: 20, concurrency: 4, commitIntervalMs: 100 } },
  );
  await h.clock.advance(2_000);
  const r = await h.clock.advanceUntil(p.consumer.stop({ timeoutMs: 5_000 }));
  expect(r.timedOut).toBe(false);
});
