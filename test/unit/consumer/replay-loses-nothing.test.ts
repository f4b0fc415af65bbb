import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import type { TenantId } from '../../../src/core/tenant-id.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';
import { PartitionLedger } from '../../../src/consumer/ledger/ledger.js';
import { CursorRun } from '../../../src/consumer/reading/cursor-run.js';
import { decodeMetadata, encodeMetadata, logHash } from '../../../src/consumer/ledger/commit-metadata.js';

const at = (offset: number) => [{ topic: 'notes', partition: 0, offset }];

it('a record that failed during a replay with an end, before a pause, is handled in the end', async () => {
  const harness = new ConsumeHarness();
  let fail = true;
  const done: string[] = [];
  const process: ConsumerProcess = await harness.start(
    (c) =>
      c.on(Noted, async (event, { replay }) => {
        await delay(process.clock, event.id === 'e-40' ? 300 : replay ? 500 : 5);
        if (event.id === 'e-40' && fail) throw new Error('not yet');
        done.push(event.id + (replay ? '*' : ''));
      }),
    {
      options: {
        commitIntervalMs: 100,
        concurrency: 4,
        maxBufferedRecords: 6,
        retry: { attempts: 50, backoffMs: 1000, maxBackoffMs: 1000 },
      },
    },
  );
  for (let i = 0; i < 40; i += 1) harness.kafka.append(eventRecord({ aggregate: `n${i}`, eventId: `e-${i}` }));
  await harness.clock.advanceUntil(process.consumer.caughtUp());
  harness.kafka.append(eventRecord({ aggregate: 'n40', eventId: 'e-40' }));
  await harness.clock.advance(100); // e-40 runs
  await harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from: at(0), until: at(30) }));
  await harness.clock.advance(400); // e-40 has failed: it is held, and waits to be tried again
  await harness.clock.advanceUntil(process.consumer.pauseTenant('acme'));
  fail = false;
  await harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
  await harness.clock.advance(60_000);
  expect(harness.committed()).toBe(41);
  expect(done).toContain('e-40');
});

it('a record that runs while metadata overflows during a replay survives a crash', () => {
  const log = logHash('x');
  const ownerAt = (o: number) => (o % 2 === 1 && o < 80 ? 'globex' : 'acme') as never;
  const ledger = new PartitionLedger(0);
  for (let o = 0; o < 100; o += 1) {
    ledger.receive(o, ownerAt(o));
    ledger.take(o);
  }
  // running: 85 of acme, and every 4th of globex
  const running = (o: number) => o === 85 || (o % 4 === 1 && o < 80);
  for (let o = 0; o < 100; o += 1) if (!running(o)) ledger.finish(o);
  ledger.replay('acme' as never, [], 4, 60);
  let kept: ReturnType<typeof decodeMetadata>;
  for (let max = 40; max < 4000; max += 1) {
    const { text, recordedHead } = encodeMetadata(ledger.progress(), log, max, ledger.notes());
    const told = text === '' ? undefined : decodeMetadata(text, ledger.watermark, log);
    if (told?.replays !== undefined && told.cursors.length > 0 && recordedHead <= 85) {
      kept = told;
      break;
    }
  }
  expect(kept).toBeDefined();
  const next = new PartitionLedger(kept as never);
  const handled = new Set<number>();
  for (let o = next.nextToRead; o < 100; o += 1) {
    const r = next.receive(o, ownerAt(o));
    if (r === 'passed') continue;
    if (r === 'offered') next.take(o);
    handled.add(o);
    next.finish(o);
  }
  const from = next.cursors.lowest() ?? 100;
  const run = new CursorRun(next, from);
  for (let o = from; o < 100; o += 1) {
    if (run.receive(o, ownerAt(o), () => true) === 'taken') {
      handled.add(o);
      next.finish(o);
    }
  }
  run.passTo(100);
  run.settle(1);
  expect(next.watermark < 100 || handled.has(85)).toBe(true);
});

it('a replay in the place of another comes by what the first had still to come by', () => {
  const ledger = new PartitionLedger(0);
  for (let offset = 0; offset < 10; offset += 1) {
    ledger.receive(offset, 'acme' as TenantId);
    ledger.take(offset);
    if (offset !== 2 && offset !== 8) ledger.finish(offset);
  }
  // Two records have failed, and wait to be tried again: both replays are to bring them.
  ledger.replay('acme' as TenantId, [2, 8], 1, 10);
  ledger.replay('acme' as TenantId, [], 5, 7);
  const from = ledger.watermark;
  const run = new CursorRun(ledger, from);
  const handled: number[] = [];
  for (let offset = from; offset < 10; offset += 1) {
    if (run.receive(offset, 'acme' as TenantId, () => true) === 'taken') handled.push(offset);
  }
  expect(handled).toEqual(expect.arrayContaining([2, 8]));
});

it.each(['caughtUp', 'stop', 'crash'] as const)(
  'a record that is replayed while its first handling runs is unfinished until both have ended: %s',
  async (end) => {
    const harness = new ConsumeHarness();
    const log: string[] = [];
    const member = (name: string): Promise<ConsumerProcess> =>
      harness.start(
        (c) =>
          c.on(Noted, async ({ id }, { replay }) => {
            await delay(harness.clock, 5_000);
            log.push(`${name}:${id}${replay ? ' again' : ''}`);
          }),
        { options: { commitIntervalMs: 100 } },
      );
    const first = await member('first');
    harness.kafka.append(eventRecord({ aggregate: 'n', eventId: 'e' }));
    await harness.clock.advance(1_000);
    await harness.clock.advanceUntil(first.consumer.replayTenant('acme', { from: at(0) }));
    if (end === 'caughtUp') {
      await harness.clock.advanceUntil(first.consumer.caughtUp());
      expect(log).toEqual(['first:e', 'first:e again']);
      expect(harness.committed()).toBe(1);
      return;
    }
    await harness.clock.advance(5_000);
    // The first handling has ended, and the second runs.
    expect([log, harness.committed()]).toEqual([['first:e'], 0]);
    if (end === 'crash') first.kill();
    else {
      const report = await harness.clock.advanceUntil(first.consumer.stop({ timeoutMs: 1_000 }));
      expect(report).toMatchObject({ unfinished: 1 });
    }
    await member('second');
    await harness.clock.advance(30_000);
    expect(log).toContain('second:e again');
    expect(harness.committed()).toBe(1);
  },
);
