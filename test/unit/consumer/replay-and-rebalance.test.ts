import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { memoryDedupe } from '../../../src/consumer/handling/memory-dedupe.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

const at = (offset: number) => [{ topic: 'notes', partition: 0, offset }];

it('a replay behind a record that waits for its retry handles the whole range again', async () => {
  const h = new ConsumeHarness();
  const begun: string[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async (e, { replay }) => {
        await delay(p.clock, 1);
        if (e.id === 'e-2' && !replay) throw new Error('poison');
        begun.push(e.id + (replay ? '*' : ''));
      }),
    {
      options: {
        commitIntervalMs: 50,
        retry: { attempts: 900, backoffMs: 5_000, maxBackoffMs: 5_000 },
        dedupe: { store: memoryDedupe({ maxEntries: 1000 }), ttlMs: 86_400_000 },
      },
    },
  );
  for (let i = 0; i < 10; i += 1) h.kafka.append(eventRecord({ aggregate: `n${i}`, eventId: `e-${i}` }));
  await h.clock.advance(1_000);
  begun.length = 0;
  await h.clock.advanceUntil(p.consumer.replayTenant('acme', { from: at(5), until: at(9) }));
  await h.clock.advance(60_000);
  expect(begun.filter((id) => id.endsWith('*'))).toEqual(expect.arrayContaining(['e-5*', 'e-6*', 'e-7*', 'e-8*']));
});

it('a finished replay does not come again in a member whose reader of the control topic was behind', async () => {
  const h = new ConsumeHarness(1);
  const begun: string[] = [];
  const make = (name: string): Promise<ConsumerProcess> =>
    h.start(
      (c) =>
        c.on(Noted, (e, { replay }) => {
          begun.push(`${name}:${e.id}${replay ? '*' : ''}`);
        }),
      { options: { commitIntervalMs: 50 } },
    );
  const a = await make('a');
  const b = await make('b');
  for (let i = 0; i < 3; i += 1) h.kafka.append(eventRecord({ aggregate: `n${i}`, eventId: `e-${i}` }));
  await h.clock.advance(2_000);
  const [reader] = b.transport.readers;
  const poll = reader!.poll.bind(reader);
  let late = true;
  reader!.poll = async (n) => (late ? [] : poll(n));
  await h.clock.advanceUntil(a.consumer.replayTenant('acme', { from: at(0) }));
  await h.clock.advance(1_000);
  h.kafka.group(GROUP).give({ topic: 'notes', partition: 0 }, b.member);
  await h.clock.advance(1_000);
  late = false;
  await h.clock.advance(5_000);
  expect(begun.filter((x) => x.endsWith('e-0*'))).toHaveLength(1);
});

it('skipped records stay skipped through a crash while metadata overflows', async () => {
  const h = new ConsumeHarness(1);
  h.kafka.maxMetadataCharacters = 125;
  const begun: string[] = [];
  const make = (ms: number): Promise<ConsumerProcess> => {
    const made: Promise<ConsumerProcess> = h.start(
      (c) =>
        c.on(Noted, async (e) => {
          begun.push(e.id);
          await delay((await made).clock, e.tenantId === 'acme' ? ms : e.tenantId === 'slow' ? 1e6 : 1);
        }),
      { options: { commitIntervalMs: 50, concurrency: 4, maxBufferedRecords: 90 } },
    );
    return made;
  };
  const a = await make(1e6);
  for (let i = 0; i < 120; i += 1) {
    h.kafka.append(eventRecord({ tenant: 'slow', aggregate: `n${i}`, eventId: `slow-${i}` }));
    h.kafka.append(eventRecord({ tenant: 'acme', aggregate: `n${i}`, eventId: `e-${i}` }));
    h.kafka.append(eventRecord({ tenant: 'q', aggregate: `n${i}`, eventId: `q-${i}` }));
  }
  await h.clock.advance(2_000);
  const r = await h.clock.advanceUntil(
    a.consumer.skipTenant('acme', { to: 'end' }).then(
      () => 'ok',
      (e: unknown) => (e as Error).message,
    ),
    60_000,
  );
  a.kill();
  begun.length = 0;
  await make(1);
  await h.clock.advance(5_000);
  expect(r).toBe('ok');
  expect(begun.filter((id) => id.startsWith('e-'))).toEqual([]);
  expect(begun).toContain('slow-0');
});

it('retention that reaches a replay, and a log that is cut during one, lose nothing else', async () => {
  const h = new ConsumeHarness(1);
  const begun: string[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async (e, { replay }) => {
        await delay(p.clock, 20);
        begun.push(e.id + (replay ? '*' : ''));
      }),
    { options: { commitIntervalMs: 50, concurrency: 4, maxBufferedRecords: 10 } },
  );
  for (let i = 0; i < 400; i += 1) h.kafka.append(eventRecord({ aggregate: `n${i}`, eventId: `e-${i}` }));
  await h.clock.advanceUntil(p.consumer.caughtUp());
  begun.length = 0;
  await h.clock.advanceUntil(p.consumer.replayTenant('acme', { from: at(0), until: at(300) }));
  await h.clock.advance(200);
  h.kafka.log('notes').dropBelow(200);
  await h.clock.advance(60_000);
  expect(h.committed()).toBe(400);
  begun.length = 0;
  await h.clock.advanceUntil(p.consumer.replayTenant('acme', { from: at(200) }));
  await h.clock.advance(200);
  h.kafka.log('notes').truncate(250);
  h.kafka.append(eventRecord({ aggregate: 'new', eventId: 'new-1' }));
  await h.clock.advance(120_000);
  expect(h.committed()).toBe(h.kafka.log('notes').range.highOffset);
});
