import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { quarantineTopic } from '../../../src/routing/naming.js';
import { tenantryError } from '../../../src/core/errors.js';
import { Noted, Whispered } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

function write(h: ConsumeHarness, tenant: string, count: number, from = 0): void {
  for (let i = from; i < from + count; i += 1)
    h.kafka.append(eventRecord({ tenant, aggregate: `n${i}`, eventId: `${tenant}-${i}`, partition: 0 }));
}

it('a quiet tenant is read while many flood and the buffer is full for a moment', async () => {
  const h = new ConsumeHarness();
  const done = new Map<string, number>();
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async (e) => {
        await delay(p.clock, e.tenantId.startsWith('f') ? 100 : 5);
        done.set(e.tenantId, (done.get(e.tenantId) ?? 0) + 1);
      }),
    { options: { maxBufferedRecords: 200, concurrency: 16, commitIntervalMs: 100 } },
  );
  for (let i = 0; i < 1500; i += 1) for (let f = 0; f < 10; f += 1) write(h, `f${f}`, 1, i);
  await h.clock.advance(3_000);
  // a burst of 40 quiet tenants with one event each: fills what is free
  for (let q = 0; q < 60; q += 1) write(h, `burst${q}`, 1);
  await h.clock.advance(2_000);
  const atMs = h.clock.monotonicMs();
  write(h, 'quiet', 1);
  let waited = -1;
  for (let s = 0; s < 120; s += 1) {
    await h.clock.advance(1_000);
    if (done.get('quiet') === 1) {
      waited = h.clock.monotonicMs() - atMs;
      break;
    }
  }
  expect(waited).toBeGreaterThan(0);
  expect(waited).toBeLessThan(5_000);
});

it('tenants whose key service is away, and one full moment, end nobody’s reading', async () => {
  const h = new ConsumeHarness();
  const done: string[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on([Noted, Whispered], async (e) => {
        await delay(p.clock, 20);
        done.push(e.tenantId);
      }),
    { options: { maxBufferedRecords: 200, concurrency: 16, commitIntervalMs: 100 } },
  );
  p.cipher.wait = (t) => {
    if (t.startsWith('held')) throw tenantryError('KEY_SERVICE_AWAY', 'away');
    return undefined;
  };
  for (let i = 0; i < 200; i += 1)
    for (const t of ['held1', 'held2'])
      h.kafka.append(
        eventRecord({
          tenant: t,
          aggregate: `n${i}`,
          eventId: `${t}-${i}`,
          partition: 0,
          eventType: Whispered.eventType,
          value: Buffer.from(`sealed:{"id":"n${i}"}`),
        }),
      );
  await h.clock.advance(3_000);
  for (let q = 0; q < 100; q += 1) write(h, `burst${q}`, 1); // fills the rest
  await h.clock.advance(30_000);
  write(h, 'quiet', 1);
  await h.clock.advance(600_000);
  expect(done).toContain('quiet');
});

it('forged records that name any number of tenants fill no buffer while quarantine is away', async () => {
  const h = new ConsumeHarness();
  h.kafka.faults.produce = (r) =>
    r.topic === quarantineTopic('notes') ? { kind: 'failed', reason: 'away' } : undefined;
  const done: string[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async (e) => {
        await delay(p.clock, 5);
        done.push(e.tenantId);
      }),
    {
      options: { maxBufferedRecords: 200, concurrency: 16, commitIntervalMs: 100 },
    },
  );
  for (let i = 0; i < 200; i += 1)
    h.kafka.append(eventRecord({ tenant: 'globex', key: Buffer.from(`victim${i}:a`), partition: 0 }));
  await h.clock.advance(1_000);
  write(h, 'quiet', 1);
  await h.clock.advance(20_000);
  expect(done).toContain('quiet');
});

it('forged records take nobody’s slots while quarantine is away', async () => {
  const time = async (forged: number): Promise<number> => {
    const h = new ConsumeHarness();
    h.kafka.faults.produce = (r) =>
      r.topic === quarantineTopic('notes') ? { kind: 'failed', reason: 'away' } : undefined;
    let done = 0;
    const p: ConsumerProcess = await h.start(
      (c) =>
        c.on(Noted, async () => {
          await delay(p.clock, 20);
          done += 1;
        }),
      {
        options: { commitIntervalMs: 100 },
      },
    );
    for (let i = 0; i < forged; i += 1)
      h.kafka.append(eventRecord({ key: Buffer.from(`no tenant ${i}`), partition: 0 }));
    await h.clock.advance(1_000);
    const at = h.clock.monotonicMs();
    for (let i = 0; i < 40; i += 1) for (let q = 0; q < 10; q += 1) write(h, `quiet${q}`, 1, i);
    while (done < 400 && h.clock.monotonicMs() - at < 100_000) await h.clock.advance(10);
    return h.clock.monotonicMs() - at;
  };
  const [without, withForged] = [await time(0), await time(60)];
  expect(withForged).toBeLessThan(without * 3);
});
